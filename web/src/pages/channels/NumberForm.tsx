import { Button, NativeSelect, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { createChannel } from '../../api/channels';
import { keys } from '../../api/keys';
import type { Channel, ProviderAccount } from '../../api/types';
import { ProblemAlert } from '../../ui/ProblemAlert';
import { toast } from '../../ui/toast';
import { isBeside, problemOf, told } from './AccountForm';
import classes from './channels.module.css';
import { isProvider, KINDS } from './providers';

interface Props { account: ProviderAccount; onDone: (channel: Channel) => void; onCancel: () => void; later?: boolean }

/** A number (or agent) at an account. */
export function NumberForm({ account, onDone, onCancel, later }: Props) {
  const { t } = useTranslation('channels');
  const client = useQueryClient();
  const kinds = isProvider(account.provider) ? KINDS[account.provider] : (['sms'] as const);
  const own = account.provider === 'whatsapp_cloud' || account.provider === 'google_rcs';
  const [kind, setKind] = useState<Channel['kind']>(kinds[0] ?? 'sms');
  const [name, setName] = useState('');
  const [address, setAddress] = useState('');
  const [theirs, setTheirs] = useState('');
  const save = useMutation({
    mutationFn: () => createChannel({ kind, name: name.trim(), address: address.trim(), provider_address: own ? theirs.trim() : '', account_id: account.id }),
    onSuccess: async (channel) => {
      await Promise.all([client.invalidateQueries({ queryKey: keys.accounts }), client.invalidateQueries({ queryKey: keys.channels })]);
      toast(t('number.added', { name: channel.name }));
      onDone(channel);
    },
  });
  const problem = problemOf(save.error);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    save.mutate();
  };
  const ready = name.trim() !== '' && address.trim() !== '' && (!own || theirs.trim() !== '');
  return (
    <form className={classes.form} onSubmit={submit}>
      {kinds.length > 1 && <NativeSelect label={t('number.kind')} value={kind} data={kinds.map((value) => ({ value, label: t(`common:channel.${value}`) }))} onChange={(event) => setKind(event.currentTarget.value as Channel['kind'])} />}
      <TextInput data-autofocus label={t('number.name')} description={t('number.nameHint')} value={name} maxLength={80} error={told(problem, 'name')} onChange={(event) => setName(event.currentTarget.value)} />
      <TextInput label={t('number.address')} description={t(kind === 'rcs' ? 'number.addressRcs' : 'number.addressHint')} placeholder="+15550001234" dir="ltr" value={address} error={told(problem, 'address')} onChange={(event) => setAddress(event.currentTarget.value)} />
      {own && <TextInput label={t(`number.theirs.${account.provider}`)} description={t(`number.theirsHint.${account.provider}`)} dir="ltr" value={theirs} error={told(problem, 'provider_address')} onChange={(event) => setTheirs(event.currentTarget.value)} />}
      {problem && !isBeside(problem, ['name', 'address', 'provider_address']) && <ProblemAlert error={problem} />}
      <div className={classes.actions}>
        <Button variant="default" onClick={onCancel}>{t(later ? 'number.later' : 'form.cancel')}</Button>
        <Button type="submit" loading={save.isPending} disabled={!ready}>{t('number.add')}</Button>
      </div>
    </form>
  );
}

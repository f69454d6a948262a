import { Button, Modal, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { changeAccount } from '../../api/channels';
import { keys } from '../../api/keys';
import type { AccountChange, ProviderAccount } from '../../api/types';
import { ProblemAlert } from '../../ui/ProblemAlert';
import { toast } from '../../ui/toast';
import { AccountFields, isBeside, problemOf, told } from './AccountForm';
import classes from './channels.module.css';
import { changes, fieldsOf, isProvider, valuesOf } from './providers';

const RATES = ['messages_per_s', 'channel_messages_per_s', 'segments_per_s'] as const;
type Rates = Record<(typeof RATES)[number], string>;

const ratesOf = (account: ProviderAccount): Rates =>
  Object.fromEntries(RATES.map((rate) => [rate, String(account.limits[rate] ?? '')])) as Rates;

/** Name, settings, rates and new secrets of an account; what is left as it is, is not sent. */
export function EditAccount({ account, onClose }: { account: ProviderAccount; onClose: () => void }) {
  const { t } = useTranslation('channels');
  const client = useQueryClient();
  const [name, setName] = useState(account.name);
  const [values, setValues] = useState(() => valuesOf(account));
  const [rates, setRates] = useState(() => ratesOf(account));
  const changed = changes(account, values);
  const sameRates = RATES.every((rate) => rates[rate] === ratesOf(account)[rate]);
  const limits = Object.fromEntries(RATES.filter((rate) => rates[rate] !== '').map((rate) => [rate, Number.isNaN(Number(rates[rate])) ? rates[rate] : Number(rates[rate])]));
  const save = useMutation({
    mutationFn: () => changeAccount(account, {
      provider: account.provider, ...changed, ...(name.trim() === account.name ? {} : { name: name.trim() }), ...(sameRates ? {} : { limits }),
    } as AccountChange),
    onSuccess: async (saved) => {
      await client.invalidateQueries({ queryKey: keys.accounts });
      toast(t('edit.saved', { name: saved.name }));
      onClose();
    },
  });
  if (!isProvider(account.provider)) return null;
  const problem = problemOf(save.error);
  const names = ['name', ...RATES.map((rate) => `limits/${rate}`), ...fieldsOf(account.provider).map((field) => field.name)];
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    save.mutate();
  };
  const dirty = Object.keys(changed).length > 0 || name.trim() !== account.name || !sameRates;
  return (
    <Modal opened onClose={onClose} size="lg" title={t('edit.title', { name: account.name })} closeButtonProps={{ 'aria-label': t('common:action.close') }}>
      <form className={classes.form} onSubmit={submit} autoComplete="off">
        <TextInput data-autofocus label={t('field.name')} value={name} maxLength={80} error={told(problem, 'name')} onChange={(event) => setName(event.currentTarget.value)} />
        <AccountFields provider={account.provider} values={values} onChange={setValues} problem={problem} editing />
        <fieldset className={classes.rates}>
          <legend>{t('edit.rates')}</legend>
          {RATES.map((rate) => (
            <TextInput key={rate} label={t(`rate.${rate}`)} placeholder={t('edit.usual')} inputMode="decimal" value={rates[rate]} error={told(problem, `limits/${rate}`)} onChange={(event) => setRates({ ...rates, [rate]: event.currentTarget.value.trim() })} />
          ))}
          <p className={classes.hint}>{t('edit.ratesHint')}</p>
        </fieldset>
        {problem && !isBeside(problem, names) && <ProblemAlert error={problem} />}
        <div className={classes.actions}>
          <Button variant="default" onClick={onClose}>{t('form.cancel')}</Button>
          <Button type="submit" loading={save.isPending} disabled={!dirty || name.trim() === ''}>{t('edit.save')}</Button>
        </div>
      </form>
    </Modal>
  );
}

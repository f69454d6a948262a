import { Button, Modal, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { IconPencil, IconSend, IconTrash } from '@tabler/icons-react';
import { useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { deleteChannel, renameChannel } from '../../api/channels';
import type { Channel, ProviderAccount } from '../../api/types';
import { ChannelIcon } from '../../ui/ChannelIcon';
import { ProblemAlert } from '../../ui/ProblemAlert';
import { toast } from '../../ui/toast';
import classes from './channels.module.css';
import { ConfirmDialog } from './ConfirmDialog';
import { TestDialog } from './TestDialog';

function Rename({ channel, onClose, onDone }: { channel: Channel; onClose: () => void; onDone: () => void }) {
  const { t } = useTranslation('channels');
  const [name, setName] = useState(channel.name);
  const save = useMutation({
    mutationFn: () => renameChannel(channel, name.trim()),
    onSuccess: () => {
      onDone();
      onClose();
    },
  });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    save.mutate();
  };
  return (
    <Modal opened onClose={onClose} title={t('number.rename', { name: channel.name })} closeButtonProps={{ 'aria-label': t('common:action.close') }}>
      <form className={classes.form} onSubmit={submit}>
        <TextInput data-autofocus label={t('number.name')} value={name} maxLength={80} onChange={(event) => setName(event.currentTarget.value)} />
        {save.error && <ProblemAlert error={save.error} />}
        <div className={classes.actions}>
          <Button variant="default" onClick={onClose}>{t('form.cancel')}</Button>
          <Button type="submit" loading={save.isPending} disabled={name.trim() === ''}>{t('edit.save')}</Button>
        </div>
      </form>
    </Modal>
  );
}

type Opened = { what: 'test' | 'rename' | 'delete'; channel: Channel } | null;

/** The numbers of an account: what each is, a test message, another name, and out of use. */
export function Numbers({ account, own }: { account: ProviderAccount; own: boolean }) {
  const { t } = useTranslation('channels');
  const client = useQueryClient();
  const [opened, setOpened] = useState<Opened>(null);
  const close = (): void => setOpened(null);
  const again = (): void => void client.invalidateQueries({ queryKey: ['channels'] });
  if (account.channels.length === 0) return <p className={classes.quiet}>{t('number.none')}</p>;
  return (
    <ul className={classes.numbers} aria-label={t('number.list', { name: account.name })}>
      {account.channels.map((channel) => (
        <li key={channel.id}>
          <ChannelIcon kind={channel.kind} size={18} />
          <span className={classes.numberName}><strong><bdi>{channel.name}</bdi></strong><span dir="ltr">{channel.address}</span></span>
          {own && (
            <span className={classes.tools}>
              <Button size="xs" variant="default" leftSection={<IconSend size={14} aria-hidden />} aria-label={t('test.openNamed', { name: channel.name })} onClick={() => setOpened({ what: 'test', channel })}>{t('test.open')}</Button>
              <button type="button" className={classes.icon} aria-label={t('number.rename', { name: channel.name })} onClick={() => setOpened({ what: 'rename', channel })}><IconPencil size={16} aria-hidden /></button>
              <button type="button" className={classes.icon} aria-label={t('number.delete', { name: channel.name })} onClick={() => setOpened({ what: 'delete', channel })}><IconTrash size={16} aria-hidden /></button>
            </span>
          )}
        </li>
      ))}
      {opened?.what === 'test' && <TestDialog channel={opened.channel} onClose={close} />}
      {opened?.what === 'rename' && <Rename channel={opened.channel} onClose={close} onDone={again} />}
      {opened?.what === 'delete' && (
        <ConfirmDialog
          title={t('number.delete', { name: opened.channel.name })} text={t('number.deleteText')} action={t('number.deleteDo')} onClose={close}
          run={() => deleteChannel(opened.channel)}
          onDone={() => {
            toast(t('number.deleted', { name: opened.channel.name }));
            again();
          }}
        />
      )}
    </ul>
  );
}

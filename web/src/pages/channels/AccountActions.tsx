import { ActionIcon, Menu, Modal } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { IconDots, IconPencil, IconPlayerPause, IconPlayerPlay, IconPlugConnected, IconPlus, IconTrash } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { changeAccount, checkAccount, deleteAccount } from '../../api/channels';
import type { AccountChange, Check, ProviderAccount } from '../../api/types';
import { toast, toastProblem } from '../../ui/toast';
import classes from './channels.module.css';
import { CheckResult } from './CheckResult';
import { ConfirmDialog } from './ConfirmDialog';
import { EditAccount } from './EditAccount';
import { NumberForm } from './NumberForm';
import { isProvider } from './providers';

type Opened = 'edit' | 'number' | 'delete' | { check: Check } | null;

/** Everything that can be done with an account, behind one button. */
export function AccountActions({ account, onGone }: { account: ProviderAccount; onGone?: () => void }) {
  const { t } = useTranslation('channels');
  const client = useQueryClient();
  const [opened, setOpened] = useState<Opened>(null);
  const close = (): void => setOpened(null);
  const again = (): void => void client.invalidateQueries({ queryKey: ['channels'] });
  const paused = account.status === 'paused';
  const pause = useMutation({
    mutationFn: () => changeAccount(account, { provider: account.provider, status: paused ? 'active' : 'paused' } as AccountChange),
    onSuccess: () => toast(t(paused ? 'edit.resumed' : 'edit.paused', { name: account.name })),
    onError: (error) => toastProblem(t, t('edit.failed'), error),
    onSettled: again,
  });
  const check = useMutation({ mutationFn: () => checkAccount(account.id), onSuccess: (found) => setOpened({ check: found }), onError: (error) => toastProblem(t, t('check.failed'), error) });
  const known = isProvider(account.provider);
  return (
    <>
      <Menu position="bottom-end" width={220}>
        <Menu.Target>
          <ActionIcon variant="default" size={32} loading={check.isPending || pause.isPending} aria-label={t('edit.menu', { name: account.name })}><IconDots size={18} aria-hidden /></ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item leftSection={<IconPlugConnected size={16} aria-hidden />} onClick={() => check.mutate()}>{t('check.run')}</Menu.Item>
          {known && <Menu.Item leftSection={<IconPlus size={16} aria-hidden />} onClick={() => setOpened('number')}>{t('number.add')}</Menu.Item>}
          {known && <Menu.Item leftSection={<IconPencil size={16} aria-hidden />} onClick={() => setOpened('edit')}>{t('edit.open')}</Menu.Item>}
          {known && <Menu.Item leftSection={paused ? <IconPlayerPlay size={16} aria-hidden /> : <IconPlayerPause size={16} aria-hidden />} onClick={() => pause.mutate()}>{t(paused ? 'edit.resume' : 'edit.pause')}</Menu.Item>}
          <Menu.Item leftSection={<IconTrash size={16} aria-hidden />} className={classes.danger} onClick={() => setOpened('delete')}>{t('edit.delete')}</Menu.Item>
        </Menu.Dropdown>
      </Menu>
      {opened === 'edit' && <EditAccount account={account} onClose={close} />}
      {opened === 'number' && (
        <Modal opened onClose={close} title={t('number.addTo', { name: account.name })} closeButtonProps={{ 'aria-label': t('common:action.close') }}>
          <NumberForm account={account} onDone={close} onCancel={close} />
        </Modal>
      )}
      {opened === 'delete' && (
        <ConfirmDialog
          title={t('edit.deleteTitle', { name: account.name })} text={t('edit.deleteText', { count: account.channels.length })} action={t('edit.delete')} onClose={close}
          run={() => deleteAccount(account)}
          onDone={() => {
            toast(t('edit.deleted', { name: account.name }));
            again();
            onGone?.();
          }}
        />
      )}
      {typeof opened === 'object' && opened !== null && (
        <Modal opened onClose={close} title={t('check.title', { name: account.name })} closeButtonProps={{ 'aria-label': t('common:action.close') }}>
          <CheckResult found={opened.check} />
        </Modal>
      )}
    </>
  );
}

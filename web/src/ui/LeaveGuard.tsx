import { Button, Modal } from '@mantine/core';
import { useBlocker } from '@tanstack/react-router';
import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import classes from './ui.module.css';

/** Asks before a page with unsaved changes is left, by a link, by Back, or by closing the tab. While they are being saved it
    waits for the outcome: who saves and goes on at once is not asked. */
export function LeaveGuard({ dirty, saving, text }: { dirty: boolean; saving: boolean; text: string }) {
  const { t } = useTranslation();
  const blocker = useBlocker({
    shouldBlockFn: ({ current, next }) => dirty && current.pathname !== next.pathname,
    enableBeforeUnload: () => dirty,
    withResolver: true,
  });
  const { status, proceed } = blocker;
  useEffect(() => {
    if (status === 'blocked' && !dirty) proceed();
  }, [status, dirty, proceed]);
  return (
    <Modal opened={blocker.status === 'blocked' && dirty && !saving} onClose={() => blocker.reset?.()} title={t('leave.title')} closeButtonProps={{ 'aria-label': t('action.close') }}>
      <p>{text}</p>
      <div className={classes.dialogActions}>
        <Button variant="default" onClick={() => blocker.proceed?.()}>{t('leave.leave')}</Button>
        <Button data-autofocus onClick={() => blocker.reset?.()}>{t('leave.stay')}</Button>
      </div>
    </Modal>
  );
}

import { Button, Modal } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { ProblemAlert } from '../../ui/ProblemAlert';
import classes from './channels.module.css';

interface Props { title: string; text: string; action: string; run: () => Promise<unknown>; onDone: () => void; onClose: () => void }

/** Asks before something goes; a refusal is told in the dialog. */
export function ConfirmDialog({ title, text, action, run, onDone, onClose }: Props) {
  const { t } = useTranslation('channels');
  const doing = useMutation({
    mutationFn: run,
    onSuccess: () => {
      onDone();
      onClose();
    },
  });
  return (
    <Modal opened onClose={onClose} title={title} closeButtonProps={{ 'aria-label': t('common:action.close') }}>
      <div className={classes.form}>
        <p className={classes.lead}>{text}</p>
        {doing.error && <ProblemAlert error={doing.error} />}
        <div className={classes.actions}>
          <Button data-autofocus variant="default" onClick={onClose}>{t('form.cancel')}</Button>
          <Button color="red.9" loading={doing.isPending} onClick={() => doing.mutate()}>{action}</Button>
        </div>
      </div>
    </Modal>
  );
}

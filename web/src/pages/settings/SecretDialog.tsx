import { Button, Modal } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import classes from '../channels/channels.module.css';
import { CopyLine } from '../channels/CopyLine';

/** A secret, this once. Closes by its button alone: what slips away here is gone. */
export function SecretDialog({ secret, onClose }: { secret: string; onClose: () => void }) {
  const { t } = useTranslation('settings');
  return (
    <Modal opened onClose={onClose} size="lg" title={t('webhooks.secretTitle')} closeOnClickOutside={false} closeOnEscape={false} withCloseButton={false}>
      <div className={classes.form}>
        <p className={classes.lead}>{t('webhooks.secretText')}</p>
        <CopyLine label={t('webhooks.secret')} value={secret} />
        <div className={classes.actions}><Button data-autofocus onClick={onClose}>{t('webhooks.secretKept')}</Button></div>
      </div>
    </Modal>
  );
}

import { Button, Modal, TextInput, Textarea } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { IconAlertTriangle } from '@tabler/icons-react';
import { useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { erase } from '../../../api/contacts';
import type { ContactDetail } from '../../../api/contactTypes';
import { keys } from '../../../api/keys';
import { ProblemAlert } from '../../../ui/ProblemAlert';
import { toast } from '../../../ui/toast';
import form from '../contacts.module.css';
import classes from '../dialogs.module.css';
import { titleOf } from '../words';

/** The one thing that cannot be undone: the name has to be typed. */
export function EraseDialog({ contact, onClose }: { contact: ContactDetail; onClose: () => void }) {
  const { t } = useTranslation('contacts');
  const client = useQueryClient();
  const [typed, setTyped] = useState('');
  const [reason, setReason] = useState('');
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const name = titleOf(contact) || contact.id;
  const ready = typed.trim() === name && reason.trim() !== '';
  const run = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    if (!ready) return;
    setBusy(true);
    try {
      await erase(contact.id, reason.trim());
      toast(t('erase.done'));
      for (const queryKey of [keys.contactAllRows, keys.contactCounts, keys.tags]) void client.invalidateQueries({ queryKey });
      onClose();
      void client.resetQueries({ queryKey: keys.contact(contact.id) });
    } catch (problem) {
      setError(problem);
      setBusy(false);
    }
  };
  return (
    <Modal opened onClose={onClose} title={t('erase.title', { name })} closeButtonProps={{ 'aria-label': t('common:action.close') }}>
      <form className={form.form} onSubmit={(event) => void run(event)}>
        <div className={classes.warning}><IconAlertTriangle size={18} aria-hidden /><span>{t('erase.warning')}</span></div>
        <ul className={classes.lines}>
          <li>{t('erase.goes')}</li>
          <li>{t('erase.stays')}</li>
          <li>{t('erase.never')}</li>
        </ul>
        <Textarea data-autofocus label={t('erase.reason')} description={t('erase.reasonHint')} value={reason} maxLength={500} autosize minRows={2} maxRows={5} dir="auto" onChange={(event) => setReason(event.currentTarget.value)} />
        <TextInput label={t('erase.type', { name })} value={typed} dir="auto" autoComplete="off" onChange={(event) => setTyped(event.currentTarget.value)} />
        {error !== null && <ProblemAlert error={error} />}
        <div className={form.formActions}>
          <Button variant="default" onClick={onClose}>{t('action.cancel')}</Button>
          <Button type="submit" color="red.8" loading={busy} disabled={!ready}>{t('erase.run')}</Button>
        </div>
      </form>
    </Modal>
  );
}

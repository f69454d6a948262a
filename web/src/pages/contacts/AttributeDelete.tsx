import { Button, Modal } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { deleteAttribute } from '../../api/contacts';
import type { Attribute } from '../../api/contactTypes';
import { keys } from '../../api/keys';
import { ProblemAlert } from '../../ui/ProblemAlert';
import { toast } from '../../ui/toast';
import form from './contacts.module.css';

/** Says how many people lose a value before it happens. */
export function AttributeDelete({ attribute, onClose }: { attribute: Attribute; onClose: () => void }) {
  const { t } = useTranslation('contacts');
  const client = useQueryClient();
  const [busy, setBusy] = useState(false);
  const [failed, setFailed] = useState<unknown>(null);
  const { data, error } = useQuery({ queryKey: ['contacts', 'attributeUse', attribute.id, attribute.version], queryFn: () => deleteAttribute(attribute.id, attribute.version, true), gcTime: 0, retry: false });
  const run = async (): Promise<void> => {
    setBusy(true);
    try {
      await deleteAttribute(attribute.id, attribute.version, false);
      for (const queryKey of [keys.attributes, keys.contactAllRows]) void client.invalidateQueries({ queryKey });
      toast(t('attribute.deleted', { name: attribute.label }));
      onClose();
    } catch (problem) {
      setFailed(problem);
      setBusy(false);
    }
  };
  return (
    <Modal opened onClose={onClose} title={t('attribute.deleteTitle', { name: attribute.label })} closeButtonProps={{ 'aria-label': t('common:action.close') }}>
      <div className={form.form}>
        <p aria-live="polite">{data ? t('attribute.loses', { count: data.contacts }) : t('bulk.counting')}</p>
        {(failed !== null || error) && <ProblemAlert error={failed ?? error} />}
        <div className={form.formActions}>
          <Button variant="default" onClick={onClose}>{t('action.cancel')}</Button>
          <Button color="red.8" loading={busy} disabled={!data} onClick={() => void run()}>{t('attribute.delete')}</Button>
        </div>
      </div>
    </Modal>
  );
}

import { Button, Modal, TextInput } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { phoneQuery, putPhone } from '../api/calls';
import { keys } from '../api/keys';
import { toast, toastProblem } from '../ui/toast';

/** Which phone a person's calls come to. */
export function PhoneDialog({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const { data } = useQuery(phoneQuery);
  const [text, setText] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const [wrong, setWrong] = useState(false);
  useEffect(() => setWrong(false), [text]);
  const value = text ?? data?.address ?? '';
  const save = async (): Promise<void> => {
    setBusy(true);
    const plain = value.trim();
    const address = plain.startsWith('sip') ? plain : plain.replaceAll(/[\s()-]/g, '');
    try {
      const done = await putPhone(address);
      client.setQueryData(keys.phone, done);
      toast(done.address ? t('call:phone.saved', { address: done.address }) : t('call:phone.cleared'));
      onClose();
    } catch (error) {
      setWrong(true);
      toastProblem(t, t('call:phone.failed'), error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Modal opened onClose={onClose} title={t('call:phone.title')} size="sm">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
      >
        <TextInput label={t('call:phone.field')} description={t('call:phone.text')} placeholder={t('call:phone.placeholder')} dir="ltr" data-autofocus value={value} error={wrong} onChange={(event) => setText(event.currentTarget.value)} />
        <Button type="submit" mt="md" loading={busy}>{t('call:phone.save')}</Button>
      </form>
    </Modal>
  );
}

import { Button, Modal, Textarea, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { renameFlow, type Flow } from '../../../api/flows';
import { keys } from '../../../api/keys';
import { ProblemAlert } from '../../../ui/ProblemAlert';
import classes from './editor.module.css';

/** Name and description of a flow. */
export function Rename({ flow, onClose }: { flow: Flow; onClose: () => void }) {
  const { t } = useTranslation('flows');
  const client = useQueryClient();
  const [name, setName] = useState(flow.name);
  const [description, setDescription] = useState(flow.description);
  const save = useMutation({
    mutationFn: () => renameFlow(flow, { name: name.trim(), description }),
    onSuccess: (saved) => {
      client.setQueryData(keys.flow(flow.id), saved);
      void client.invalidateQueries({ queryKey: keys.flowLists });
      onClose();
    },
  });
  return (
    <Modal opened onClose={onClose} title={t('rename.title')} closeButtonProps={{ 'aria-label': t('common:action.close') }}>
      <form className={classes.dialog} onSubmit={(event) => {
        event.preventDefault();
        if (name.trim() !== '') save.mutate();
      }}>
        <TextInput data-autofocus label={t('new.name')} maxLength={80} value={name} onChange={(event) => setName(event.currentTarget.value)} />
        <Textarea label={t('rename.description')} autosize minRows={2} maxLength={1_000} value={description} onChange={(event) => setDescription(event.currentTarget.value)} />
        {save.error && <ProblemAlert error={save.error} />}
        <div className={classes.dialogActions}>
          <Button variant="default" onClick={onClose}>{t('cancel')}</Button>
          <Button type="submit" loading={save.isPending} disabled={name.trim() === ''}>{t('rename.save')}</Button>
        </div>
      </form>
    </Modal>
  );
}

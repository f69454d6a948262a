import { Button, Modal, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { idempotencyKey } from '../../api/client';
import { keys } from '../../api/keys';
import { asProblem } from '../../api/problem';
import { createStatic } from '../../api/segments';
import { ProblemAlert } from '../../ui/ProblemAlert';
import { toast } from '../../ui/toast';
import { readMembers } from './memberLines';
import { MembersInput } from './MembersInput';
import classes from './segments.module.css';

/** A fixed list of people from ids or numbers. */
export function NewStatic({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation('segments');
  const client = useQueryClient();
  const navigate = useNavigate();
  const [name, setName] = useState('');
  const [text, setText] = useState('');
  const [tooLarge, setTooLarge] = useState(false);
  const lines = useMemo(() => readMembers(text), [text]);
  const [key] = useState(idempotencyKey);
  const create = useMutation({
    mutationFn: () => createStatic({ name: name.trim(), description: '', contact_ids: lines.ids }, key),
    onSuccess: (made) => {
      void client.invalidateQueries({ queryKey: keys.segmentLists });
      toast(t('saved', { name: made.name }));
      onClose();
      void navigate({ to: '/segments/$segmentId', params: { segmentId: made.id } });
    },
  });
  const wrong = create.error ? asProblem(create.error).fields.find((field) => field.pointer.endsWith('/name'))?.detail : undefined;
  return (
    <Modal opened onClose={onClose} size="lg" title={t('members.newTitle')} closeButtonProps={{ 'aria-label': t('common:action.close') }}>
      <form
        className={classes.dialog}
        onSubmit={(event) => {
          event.preventDefault();
          create.mutate();
        }}
      >
        <TextInput data-autofocus label={t('name')} value={name} error={wrong} maxLength={120} onChange={(event) => setName(event.currentTarget.value)} />
        <MembersInput
          text={text}
          lines={lines}
          error={tooLarge ? t('members.tooLarge') : undefined}
          onTooLarge={() => setTooLarge(true)}
          onText={(next) => {
            setTooLarge(false);
            setText(next);
          }}
        />
        {create.error && !wrong && <ProblemAlert error={create.error} />}
        <div className={classes.dialogActions}>
          <Button variant="default" onClick={onClose}>{t('cancel')}</Button>
          <Button type="submit" loading={create.isPending} disabled={name.trim() === ''}>{t('create')}</Button>
        </div>
      </form>
    </Modal>
  );
}

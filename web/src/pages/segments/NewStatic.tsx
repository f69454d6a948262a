import { Button, Modal, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { idempotencyKey } from '../../api/client';
import { keys } from '../../api/keys';
import { asProblem } from '../../api/problem';
import { createStatic } from '../../api/segments';
import { formatCount } from '../../ui/numbers';
import { ProblemAlert } from '../../ui/ProblemAlert';
import { toast } from '../../ui/toast';
import { NUMBERS_MAX } from './findMembers';
import { MembersInput, useMemberLines } from './MembersInput';
import { nameError } from './nameError';
import classes from './segments.module.css';
import { useAddMembers } from './useAddMembers';

/** A fixed list of people from ids or numbers. */
export function NewStatic({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation('segments');
  const client = useQueryClient();
  const navigate = useNavigate();
  const [name, setName] = useState('');
  const members = useMemberLines();
  const { add, done } = useAddMembers();
  const [key] = useState(idempotencyKey);
  const create = useMutation({
    mutationFn: async () => {
      const made = await createStatic(name.trim(), key);
      return { made, ...(await add(made.id, members.lines)) };
    },
    onSuccess: ({ made, added, unknown, missing }) => {
      void client.invalidateQueries({ queryKey: keys.segmentLists });
      toast(t('members.added', { count: added, unknown: formatCount(unknown + missing.length) }));
      onClose();
      void navigate({ to: '/segments/$segmentId', params: { segmentId: made.id } });
    },
  });
  const wrong = create.error ? nameError(asProblem(create.error)) : undefined;
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
        <MembersInput {...members} />
        {create.error && !wrong && <ProblemAlert error={create.error} />}
        {create.isPending && done > 0 && <p className={classes.note}>{t('members.looking', { done: formatCount(done), all: formatCount(members.lines.numbers.length) })}</p>}
        <div className={classes.dialogActions}>
          <Button variant="default" onClick={onClose}>{t('cancel')}</Button>
          <Button type="submit" loading={create.isPending} disabled={name.trim() === '' || members.lines.numbers.length > NUMBERS_MAX}>{t('create')}</Button>
        </div>
      </form>
    </Modal>
  );
}

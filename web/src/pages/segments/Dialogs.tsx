import { Button, Modal, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { idempotencyKey } from '../../api/client';
import { keys } from '../../api/keys';
import type { Segment, SegmentUse } from '../../api/types';
import { asProblem } from '../../api/problem';
import { archiveSegment, freezeSegment, usageQuery } from '../../api/segments';
import { ProblemAlert } from '../../ui/ProblemAlert';
import { toast } from '../../ui/toast';
import classes from './segments.module.css';
import { UseList } from './UsedBy';

/** Makes a list of the people who are in now; later changes do not touch it. */
export function FreezeDialog({ segment, onClose }: { segment: Segment; onClose: () => void }) {
  const { t } = useTranslation('segments');
  const navigate = useNavigate();
  const client = useQueryClient();
  const [name, setName] = useState(() => t('freeze.suggested', { name: segment.name, date: new Intl.DateTimeFormat(document.documentElement.lang || 'en', { dateStyle: 'medium' }).format(new Date()) }));
  const [key] = useState(idempotencyKey);
  const freeze = useMutation({
    mutationFn: () => freezeSegment(segment.id, name.trim(), key),
    onSuccess: (made) => {
      void client.invalidateQueries({ queryKey: keys.segmentLists });
      toast(t('freeze.done', { name: made.name }));
      onClose();
      void navigate({ to: '/segments/$segmentId', params: { segmentId: made.id } });
    },
  });
  return (
    <Modal opened onClose={onClose} title={t('freeze.title')} closeButtonProps={{ 'aria-label': t('common:action.close') }}>
      <form
        className={classes.dialog}
        onSubmit={(event) => {
          event.preventDefault();
          freeze.mutate();
        }}
      >
        <p>{t('freeze.text')}</p>
        <TextInput data-autofocus label={t('freeze.name')} value={name} onChange={(event) => setName(event.currentTarget.value)} />
        {freeze.error && <ProblemAlert error={freeze.error} />}
        <div className={classes.dialogActions}>
          <Button variant="default" onClick={onClose}>{t('cancel')}</Button>
          <Button type="submit" loading={freeze.isPending} disabled={name.trim() === ''}>{t('freeze.do')}</Button>
        </div>
      </form>
    </Modal>
  );
}

/** Puts a segment away; when something uses it, says what. */
export function ArchiveDialog({ segment, onClose, onDone }: { segment: Pick<Segment, 'id' | 'name'>; onClose: () => void; onDone: () => void }) {
  const { t } = useTranslation('segments');
  const client = useQueryClient();
  const [uses, setUses] = useState<SegmentUse[] | null>(null);
  const archive = useMutation({
    mutationFn: () => archiveSegment(segment.id),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: keys.segmentLists });
      toast(t('archive.done', { name: segment.name }));
      onDone();
    },
    onError: async (error) => {
      if (asProblem(error).status === 409) setUses((await client.fetchQuery({ ...usageQuery(segment.id), staleTime: 0 })).items);
    },
  });
  return (
    <Modal opened onClose={onClose} title={t('archive.title', { name: segment.name })} closeButtonProps={{ 'aria-label': t('common:action.close') }}>
      <div className={classes.dialog}>
        {uses && uses.length > 0 ? (
          <>
            <p role="alert">{t('archive.used', { count: uses.length })}</p>
            <UseList uses={uses} />
          </>
        ) : (
          <>
            <p>{t('archive.text')}</p>
            {archive.error && <ProblemAlert error={archive.error} />}
          </>
        )}
        <div className={classes.dialogActions}>
          <Button variant="default" data-autofocus onClick={onClose}>{uses ? t('common:action.close') : t('cancel')}</Button>
          {!uses && <Button color="red" loading={archive.isPending} onClick={() => archive.mutate()}>{t('archive.do')}</Button>}
        </div>
      </div>
    </Modal>
  );
}

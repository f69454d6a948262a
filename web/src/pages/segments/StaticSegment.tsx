import { ActionIcon, Button, Modal, TextInput } from '@mantine/core';
import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query';
import { IconArchive, IconChevronRight, IconList, IconPlus, IconUsers, IconX } from '@tabler/icons-react';
import { Link, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { keys } from '../../api/keys';
import type { Segment } from '../../api/types';
import { can } from '../../api/permissions';
import { asProblem } from '../../api/problem';
import { changeMembers, membersQuery, saveSegment, segmentQuery } from '../../api/segments';
import { useMe } from '../../app/session';
import { Avatar } from '../../ui/Avatar';
import { EmptyState } from '../../ui/EmptyState';
import { ExportMenu } from '../../ui/ExportMenu';
import { formatCount } from '../../ui/numbers';
import { ProblemAlert } from '../../ui/ProblemAlert';
import { Status } from '../../ui/Status';
import { toast, toastProblem, toastUndo } from '../../ui/toast';
import { ArchiveDialog } from './Dialogs';
import { NUMBERS_MAX } from './findMembers';
import { MembersInput, useMemberLines } from './MembersInput';
import { nameError } from './nameError';
import { PersonLink } from './PersonLink';
import classes from './segments.module.css';
import { useAddMembers } from './useAddMembers';
import { UsedBy } from './UsedBy';

function AddDialog({ segment, onClose }: { segment: Segment; onClose: () => void }) {
  const { t } = useTranslation('segments');
  const members = useMemberLines();
  const { add, done } = useAddMembers();
  const { ids, numbers } = members.lines;
  const put = useMutation({
    mutationFn: () => add(segment.id, members.lines),
    onSuccess: ({ added, unknown, missing }) => {
      toast(t('members.added', { count: added, unknown: formatCount(unknown + missing.length) }));
      onClose();
    },
  });
  return (
    <Modal opened onClose={onClose} size="lg" title={t('members.addTitle')} closeButtonProps={{ 'aria-label': t('common:action.close') }}>
      <form
        className={classes.dialog}
        onSubmit={(event) => {
          event.preventDefault();
          put.mutate();
        }}
      >
        <MembersInput {...members} />
        {put.error && <ProblemAlert error={put.error} />}
        {put.isPending && done > 0 && <p className={classes.note}>{t('members.looking', { done: formatCount(done), all: formatCount(numbers.length) })}</p>}
        <div className={classes.dialogActions}>
          <Button variant="default" onClick={onClose}>{t('cancel')}</Button>
          <Button type="submit" loading={put.isPending} disabled={ids.length + numbers.length === 0 || numbers.length > NUMBERS_MAX}>{t('members.add')}</Button>
        </div>
      </form>
    </Modal>
  );
}

function Members({ segment, writable }: { segment: Segment; writable: boolean }) {
  const { t } = useTranslation('segments');
  const query = useInfiniteQuery(membersQuery(segment.id));
  const client = useQueryClient();
  const rows = query.data?.pages.flatMap((page) => page.items) ?? [];
  const changeNow = async (change: { add?: string[]; remove?: string[] }): Promise<void> => {
    await changeMembers(segment.id, change);
    for (const queryKey of [keys.segment(segment.id), keys.segmentMembers(segment.id), keys.segmentLists]) void client.invalidateQueries({ queryKey });
  };
  const remove = async (id: string, name: string): Promise<void> => {
    try {
      await changeNow({ remove: [id] });
      toastUndo(t('members.removed', { name }), () => void changeNow({ add: [id] }).catch((error: unknown) => toastProblem(t, t('members.failed'), error)));
    } catch (error) {
      toastProblem(t, t('members.failed'), error);
    }
  };
  if (query.isPending) return <div aria-busy>{Array.from({ length: 6 }, (_, at) => <div key={at} className={`skeleton ${classes.personSkeleton}`} />)}</div>;
  if (query.isError) return <ProblemAlert error={query.error} onRetry={() => void query.refetch()} />;
  if (rows.length === 0) return <EmptyState icon={IconUsers} title={t('members.none')} text={t('members.noneText')} />;
  return (
    <>
      <ul className={classes.people}>
        {rows.map((row) => {
          const name = row.name || row.phone || row.id;
          return (
            <li key={row.id} className={classes.person}>
              <Avatar name={row.name} id={row.id} size={28} />
              <span className={classes.personMain}>
                <PersonLink id={row.id} name={name} />
                {row.name && row.phone && <small dir="ltr">{row.phone}</small>}
              </span>
              {writable && (
                <ActionIcon variant="subtle" color="gray" size={28} aria-label={t('members.remove', { name })} onClick={() => void remove(row.id, name)}><IconX size={16} aria-hidden /></ActionIcon>
              )}
            </li>
          );
        })}
      </ul>
      {query.hasNextPage && <Button variant="default" size="xs" className={classes.loadMore} loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>{t('list.older')}</Button>}
    </>
  );
}

/** The name of a list, renamed in place. */
function Rename({ segment, onDone }: { segment: Segment; onDone: () => void }) {
  const { t } = useTranslation('segments');
  const client = useQueryClient();
  const [name, setName] = useState(segment.name);
  const [description, setDescription] = useState(segment.description);
  const save = useMutation({
    mutationFn: () => saveSegment(segment, { name: name.trim(), description: description.trim() }),
    onSuccess: (saved) => {
      client.setQueryData(segmentQuery(segment.id).queryKey, saved);
      void client.invalidateQueries({ queryKey: keys.segmentLists });
      onDone();
    },
  });
  const wrong = save.error ? nameError(asProblem(save.error)) : undefined;
  return (
    <Modal opened onClose={onDone} title={t('rename')} closeButtonProps={{ 'aria-label': t('common:action.close') }}>
      <form
        className={classes.dialog}
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate();
        }}
      >
        <TextInput data-autofocus label={t('name')} value={name} error={wrong} maxLength={120} onChange={(event) => setName(event.currentTarget.value)} />
        <TextInput label={t('description')} value={description} maxLength={500} onChange={(event) => setDescription(event.currentTarget.value)} />
        {save.error && !wrong && <ProblemAlert error={save.error} />}
        <div className={classes.dialogActions}>
          <Button variant="default" onClick={onDone}>{t('cancel')}</Button>
          <Button type="submit" loading={save.isPending} disabled={name.trim() === ''}>{t('save')}</Button>
        </div>
      </form>
    </Modal>
  );
}

/** A fixed list: who is on it, added and removed by hand. */
export function StaticSegment({ segment }: { segment: Segment }) {
  const { t } = useTranslation('segments');
  const me = useMe();
  const navigate = useNavigate();
  const [dialog, setDialog] = useState<'add' | 'archive' | 'rename' | null>(null);
  const archived = segment.archived_at !== null;
  const writable = can(me, 'writeContacts') && !archived;
  const close = (): void => setDialog(null);
  return (
    <div className={classes.page}>
      <div className={classes.head}>
        <div className={classes.headTitle}>
          <Link to="/segments" search={{}} className={classes.crumb}>{t('title')}</Link>
          <IconChevronRight size={15} aria-hidden className={classes.crumbMark} />
          <h1><bdi>{segment.name}</bdi></h1>
          <Status tone="neutral" icon={<IconList size={13} aria-hidden />}>{t('kind.static')}</Status>
          {archived && <Status tone="neutral" icon={<IconArchive size={13} aria-hidden />}>{t('archived')}</Status>}
        </div>
        <div className={classes.headActions}>
          {can(me, 'exportContacts') && <ExportMenu filter={{ segment: segment.id }} />}
          {writable && <Button variant="default" onClick={() => setDialog('rename')}>{t('rename')}</Button>}
          {writable && <Button variant="default" leftSection={<IconArchive size={16} aria-hidden />} onClick={() => setDialog('archive')}>{t('archive.open')}</Button>}
          {writable && <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={() => setDialog('add')}>{t('members.addTitle')}</Button>}
        </div>
      </div>
      <section className={`surface ${classes.reach}`} aria-label={t('reach.label')}>
        <div className={classes.total}>
          <strong data-testid="reach-count">{formatCount(segment.members ?? 0)}</strong>
          <span>{t('reach.contacts', { count: segment.members ?? 0 })}</span>
        </div>
        {segment.description && <p className={classes.note}>{segment.description}</p>}
      </section>
      <div className={classes.columns}>
        <section className={`surface ${classes.panel}`} aria-label={t('members.list')}><Members segment={segment} writable={writable} /></section>
        <section className={`surface ${classes.panel}`} aria-labelledby="used-by">
          <h2 id="used-by" className={classes.panelTitle}>{t('aside.usedBy')}</h2>
          <UsedBy segmentId={segment.id} />
        </section>
      </div>
      {dialog === 'add' && <AddDialog segment={segment} onClose={close} />}
      {dialog === 'rename' && <Rename segment={segment} onDone={close} />}
      {dialog === 'archive' && <ArchiveDialog segment={segment} onClose={close} onDone={() => void navigate({ to: '/segments', search: {} })} />}
    </div>
  );
}

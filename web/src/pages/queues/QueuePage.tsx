import { Button, Modal } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { IconArchive, IconArrowLeft } from '@tabler/icons-react';
import { Link, useNavigate, useParams } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { archiveQueue, changeQueue, createQueue, queueQuery, queueStatsQuery } from '../../api/desk';
import { keys } from '../../api/keys';
import { can } from '../../api/permissions';
import { asProblem } from '../../api/problem';
import type { Queue } from '../../api/types';
import { Denied } from '../../app/Fallbacks';
import { useKeys } from '../../app/keyboard';
import { useMe } from '../../app/session';
import { LeaveGuard } from '../../ui/LeaveGuard';
import { ProblemAlert } from '../../ui/ProblemAlert';
import { clockTime, shortTime } from '../../ui/time';
import { toast, toastUndo } from '../../ui/toast';
import { useRestore } from './Archived';
import { draftOf, settingsOf, type Draft } from './draft';
import { duration } from './duration';
import { QueueForm } from './QueueForm';
import classes from './queues.module.css';

function Figures({ queueId }: { queueId: string }) {
  const { t } = useTranslation('queues');
  const me = useMe();
  const { data, error, refetch } = useQuery(queueStatsQuery(queueId));
  if (!data && error) return <ProblemAlert error={error} onRetry={() => void refetch()} />;
  if (!data) return <div className={classes.figures} aria-busy>{[0, 1, 2, 3, 4, 5].map((at) => <div key={at} className={`skeleton ${classes.figure}`} style={{ height: 46 }} />)}</div>;
  const opens = data.opens_at ? shortTime(data.opens_at, me.tenant.time_zone) : '';
  const figures: [string, string, ('danger' | undefined)?][] = [
    [t('stats.waiting'), String(data.waiting)],
    [t('stats.handled'), String(data.handled)],
    [t('stats.online'), String(data.agents_online), data.waiting > 0 && data.agents_online === 0 ? 'danger' : undefined],
    [t('stats.estimate'), data.estimated_wait_s === null ? '–' : duration(Math.round(data.estimated_wait_s ?? 0))],
    [t('stats.breached'), String(data.breached), data.breached > 0 ? 'danger' : undefined],
    [t('stats.score'), data.mean_score === null ? '–' : t('stats.scoreOf', { score: (data.mean_score ?? 0).toFixed(1), count: data.rated })],
    [data.is_open ? t('stats.now') : t('stats.opens'), data.is_open ? t('stats.open') : opens],
  ];
  return (
    <dl className={classes.figures} title={data.waiting_since ? t('stats.longest', { time: clockTime(data.waiting_since, me.tenant.time_zone) }) : undefined}>
      {figures.map(([name, value, tone]) => <div key={name} className={classes.figure} data-tone={tone}><dt>{name}</dt><dd>{value}</dd></div>)}
    </dl>
  );
}

function Archive({ queue, onClose, onDone }: { queue: Queue; onClose: () => void; onDone: () => void }) {
  const { t } = useTranslation('queues');
  const doing = useMutation({ mutationFn: () => archiveQueue(queue.id), onSuccess: onDone });
  return (
    <Modal opened onClose={onClose} title={t('archive.title', { name: queue.name })} closeButtonProps={{ 'aria-label': t('common:action.close') }}>
      <div className={classes.form}>
        <p className={classes.lead}>{t('archive.text')}</p>
        {doing.error && <ProblemAlert error={doing.error} />}
        <div className={classes.actions}>
          <Button data-autofocus variant="default" onClick={onClose}>{t('form.cancel')}</Button>
          <Button color="red.9" loading={doing.isPending} onClick={() => doing.mutate()}>{t('archive.do')}</Button>
        </div>
      </div>
    </Modal>
  );
}

function Editor({ queue, mayWrite }: { queue: Queue | null; mayWrite: boolean }) {
  const { t } = useTranslation('queues');
  const client = useQueryClient();
  const navigate = useNavigate();
  const [base, setBase] = useState(queue);
  const [draft, setDraft] = useState<Draft>(() => draftOf(queue));
  const [archiving, setArchiving] = useState(false);
  const restore = useRestore();
  const dirty = mayWrite && JSON.stringify(draft) !== JSON.stringify(draftOf(base));
  const take = (fresh: Queue): void => {
    client.setQueryData(keys.queue(fresh.id), fresh);
    void client.invalidateQueries({ queryKey: keys.queues });
    void client.invalidateQueries({ queryKey: keys.counts });
    void client.invalidateQueries({ queryKey: keys.skills });
  };
  const save = useMutation({
    mutationFn: () => {
      const settings = settingsOf(draft);
      return base ? changeQueue(base, { name: draft.name.trim(), settings, member_ids: draft.members }) : createQueue(draft.name.trim(), settings, draft.members);
    },
    onSuccess: (fresh) => {
      take(fresh);
      setBase(fresh);
      setDraft(draftOf(fresh));
      toast(t('form.saved', { name: fresh.name }));
    },
  });
  // After the draft has become what is saved: nothing is left to be warned of.
  const made = queue === null ? base?.id : undefined;
  useEffect(() => {
    if (made) void navigate({ to: '/queues/$queueId', params: { queueId: made }, replace: true });
  }, [made, navigate]);
  const problem = save.error ? asProblem(save.error) : null;
  const stale = problem?.status === 412;
  const theirs = async (): Promise<void> => {
    if (!base) return;
    const fresh = await client.fetchQuery({ ...queueQuery(base.id), staleTime: 0 });
    setBase(fresh);
    setDraft(draftOf(fresh));
    save.reset();
  };
  const mine = async (): Promise<void> => {
    if (!base) return;
    setBase(await client.fetchQuery({ ...queueQuery(base.id), staleTime: 0 }));
    save.reset();
  };
  const submit = (): void => {
    if (dirty && draft.name.trim() && !save.isPending) save.mutate();
  };
  useKeys(t('title'), mayWrite ? [{ keys: 'Ctrl S', label: t('form.save'), run: submit, inFields: true }] : []);
  return (
    <div className={classes.page}>
      <Link to="/queues" className={classes.back}><IconArrowLeft size={15} aria-hidden />{t('title')}</Link>
      <div className={classes.head}>
        <h1><bdi>{base?.name ?? t('form.new')}</bdi></h1>
        {base && mayWrite && <Button variant="default" leftSection={<IconArchive size={16} aria-hidden />} onClick={() => setArchiving(true)}>{t('archive.open')}</Button>}
      </div>
      {base && <Figures queueId={base.id} />}
      <fieldset disabled={!mayWrite} style={{ border: 0, margin: 0, padding: 0, display: 'contents' }}>
        <QueueForm draft={draft} set={(change) => setDraft((now) => ({ ...now, ...change }))} queueId={base?.id ?? null} problem={problem} />
      </fieldset>
      {mayWrite && (
        <div className={classes.foot}>
          <div>{problem && !stale && problem.fields.length === 0 && problem.code !== 'queue-exists' && <ProblemAlert error={problem} />}{stale && <span role="alert">{t('form.stale')}</span>}</div>
          {stale ? (
            <><Button variant="default" onClick={() => void theirs()}>{t('form.theirs')}</Button><Button onClick={() => void mine()}>{t('form.mine')}</Button></>
          ) : (
            <>
              {dirty && <Button variant="default" onClick={() => setDraft(draftOf(base))}>{t('form.discard')}</Button>}
              <Button loading={save.isPending} disabled={!dirty || !draft.name.trim()} onClick={submit} title={t('form.saveKey')}>{t(base ? 'form.save' : 'form.create')}</Button>
            </>
          )}
        </div>
      )}
      {archiving && base && <Archive queue={base} onClose={() => setArchiving(false)} onDone={() => {
        void client.invalidateQueries({ queryKey: keys.queues });
        toastUndo(t('archive.done', { name: base.name }), () => void restore(base.id));
        void navigate({ to: '/queues' });
      }} />}
      <LeaveGuard dirty={dirty} saving={save.isPending} text={t('form.unsaved')} />
    </div>
  );
}

function Existing({ id, mayWrite }: { id: string; mayWrite: boolean }) {
  const { data, error, refetch } = useQuery(queueQuery(id));
  if (data) return <Editor key={id} queue={data} mayWrite={mayWrite} />;
  return (
    <div className={classes.page}>
      {error ? <ProblemAlert error={error} onRetry={() => void refetch()} /> : <div aria-busy className={`surface ${classes.loading}`}>{[40, 70, 55, 65].map((width) => <div key={width} className="skeleton" style={{ height: 16, width: `${width}%` }} />)}</div>}
    </div>
  );
}

/** One queue: how it does, and every setting of it. */
export function QueuePage() {
  const me = useMe();
  const { queueId } = useParams({ from: '/app/queues/$queueId' });
  if (!can(me, queueId === 'new' ? 'writeQueues' : 'readQueues')) return <Denied />;
  return queueId === 'new' ? <Editor key="new" queue={null} mayWrite /> : <Existing id={queueId} mayWrite={can(me, 'writeQueues')} />;
}

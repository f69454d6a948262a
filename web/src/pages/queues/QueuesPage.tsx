import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { IconArrowRight, IconHeadset, IconMoon, IconPlus, IconSitemap } from '@tabler/icons-react';
import { Link, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { can } from '../../api/permissions';
import { countsQuery, queuesQuery } from '../../api/queries';
import type { Counts, Queue } from '../../api/types';
import { Denied } from '../../app/Fallbacks';
import { useKeys } from '../../app/keyboard';
import { useMe } from '../../app/session';
import { EmptyState } from '../../ui/EmptyState';
import { LinkButton } from '../../ui/LinkButton';
import { ProblemAlert } from '../../ui/ProblemAlert';
import { Status } from '../../ui/Status';
import { Agents } from './Agents';
import { Archived } from './Archived';
import { DefaultsDialog } from './DefaultsDialog';
import { duration } from './duration';
import classes from './queues.module.css';

function Targets({ queue }: { queue: Queue }) {
  const { t } = useTranslation('queues');
  const level = queue.settings?.service_levels?.normal;
  const first = level?.first_response_s, whole = level?.resolution_s;
  if (!first && !whole) return <span className={classes.dim}>{t('list.noTargets')}</span>;
  return <>{[first && t('list.first', { time: duration(first) }), whole && t('list.whole', { time: duration(whole) })].filter(Boolean).join(' · ')}</>;
}

function Row({ queue, queues, counts }: { queue: Queue; queues: Queue[]; counts: Counts | undefined }) {
  const { t } = useTranslation('queues');
  const count = counts?.queues.find((each) => each.id === queue.id);
  const skills = Object.entries(queue.settings?.skills ?? {});
  const next = queues.find((each) => each.id === queue.settings?.overflow?.queue_id);
  return (
    <tr>
      <td><Link to="/queues/$queueId" params={{ queueId: queue.id }} className={classes.nameLink}><bdi>{queue.name}</bdi></Link>{!queue.settings && <span className={classes.note}>{t('list.plain')}</span>}</td>
      <td className={classes.number}>{count?.unassigned ?? ''}</td>
      <td className={classes.number}>{count ? count.open - count.unassigned : ''}</td>
      <td className={classes.wide}>{queue.members.length === 0 ? <span className={classes.dim}>{t('list.everybody')}</span> : t('list.members', { count: queue.members.length })}</td>
      <td className={classes.wide}>
        <span className={classes.marks}>
          {skills.map(([name, level]) => <span key={name} className={classes.skill}>{name} <b>{level}</b></span>)}
          {queue.settings?.hours && <Status tone="neutral" icon={<IconMoon size={13} aria-hidden />}>{t('list.hours')}</Status>}
          {next && <Status tone="neutral" icon={<IconArrowRight size={13} aria-hidden />}>{t('list.overflow', { name: next.name })}</Status>}
        </span>
      </td>
      <td className={classes.wide}><Targets queue={queue} /></td>
    </tr>
  );
}

function Loading() {
  return <div className={`surface ${classes.loading}`} aria-busy>{[62, 48, 70, 55].map((width) => <div key={width} className="skeleton" style={{ height: 14, width: `${width}%` }} />)}</div>;
}

function Queues({ mayWrite }: { mayWrite: boolean }) {
  const { t } = useTranslation('queues');
  const me = useMe();
  const { data, error, refetch } = useQuery(queuesQuery);
  const { data: counts } = useQuery({ ...countsQuery, enabled: can(me, 'readInbox') });
  const add = mayWrite && <LinkButton to="/queues/$queueId" params={{ queueId: 'new' }} leftSection={<IconPlus size={16} aria-hidden />}>{t('list.add')}</LinkButton>;
  return (
    <section className={classes.block} aria-label={t('list.title')}>
      <div className={classes.sectionHead}><h2>{t('list.title')}</h2></div>
      {error && !data && <ProblemAlert error={error} onRetry={() => void refetch()} />}
      {!data && !error && <Loading />}
      {data?.items.length === 0 && <div className="surface"><EmptyState icon={IconHeadset} title={t('list.none')} text={t('list.noneText')} action={add} /></div>}
      {data && data.items.length > 0 && (
        <div className={`surface ${classes.tableBox}`}>
          <table className={classes.table}>
            <thead>
              <tr>
                <th scope="col">{t('list.name')}</th>
                <th scope="col" className={classes.number}>{t('list.waiting')}</th>
                <th scope="col" className={classes.number}>{t('list.handled')}</th>
                <th scope="col" className={classes.wide}>{t('list.served')}</th>
                <th scope="col" className={classes.wide}>{t('list.rules')}</th>
                <th scope="col" className={classes.wide}>{t('list.targets')}</th>
              </tr>
            </thead>
            <tbody>{data.items.map((queue) => <Row key={queue.id} queue={queue} queues={data.items} counts={counts} />)}</tbody>
          </table>
        </div>
      )}
    </section>
  );
}

function Desk() {
  const { t } = useTranslation('queues');
  const me = useMe();
  const navigate = useNavigate();
  const [defaults, setDefaults] = useState(false);
  const mayWrite = can(me, 'writeQueues');
  const add = (): void => void navigate({ to: '/queues/$queueId', params: { queueId: 'new' } });
  useKeys(t('title'), mayWrite ? [{ keys: 'n', label: t('list.add'), run: add }] : []);
  return (
    <div className={classes.page}>
      <div className={classes.head}>
        <div><h1>{t('title')}</h1><p className={classes.lead}>{t('lead')}</p></div>
        <Button variant="default" leftSection={<IconSitemap size={16} aria-hidden />} onClick={() => setDefaults(true)} style={{ marginInlineStart: 'auto' }}>{t('defaults.open')}</Button>
        {mayWrite && <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={add}>{t('list.add')}</Button>}
      </div>
      <Queues mayWrite={mayWrite} />
      {mayWrite && <Archived />}
      <Agents mayWrite={mayWrite} />
      {defaults && <DefaultsDialog mayWrite={mayWrite} onClose={() => setDefaults(false)} />}
    </div>
  );
}

/** Where conversations wait, who takes them, and by which rules. */
export function QueuesPage() {
  const me = useMe();
  return can(me, 'readQueues') ? <Desk /> : <Denied />;
}

import { IconAlertTriangle, IconHeadset, IconMoon, IconUserQuestion } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Holder } from '../../api/supervision';
import type { BoardAgent, BoardQueue, Wallboard } from '../../api/types';
import { ChannelIcon } from '../../ui/ChannelIcon';
import { EmptyState } from '../../ui/EmptyState';
import { formatCount, formatDuration, formatShare } from '../../ui/numbers';
import { PRESENCE_ORDER } from '../../ui/presence';
import { Status } from '../../ui/Status';
import { AccountStatus } from '../channels/Health';
import { formatRate } from '../channels/healthWords';
import { byChannel, COLUMNS } from './messages';
import classes from './wallboard.module.css';

function Panel({ title, children }: { title: string; children: ReactNode }) {
  return <section className={`surface ${classes.panel}`} aria-label={title}><h2>{title}</h2>{children}</section>;
}

type Open = ((holder: Holder) => void) | null;

function NameOf({ holder, onOpen, children }: { holder: Holder; onOpen: Open; children?: ReactNode }) {
  const { t } = useTranslation('wallboard');
  if (!onOpen) return <><bdi>{holder.name}</bdi>{children}</>;
  return <><button type="button" className={classes.nameButton} aria-label={t('held.show', { name: holder.name })} onClick={() => onOpen(holder)}><bdi>{holder.name}</bdi></button>{children}</>;
}

function QueueRow({ queue, onOpen }: { queue: BoardQueue; onOpen: Open }) {
  const { t } = useTranslation('wallboard');
  const { now, today } = queue;
  const alone = now.waiting > 0 && queue.agents_online === 0 && queue.is_open;
  return (
    <tr>
      <th scope="row">
        <NameOf holder={{ kind: 'queue', id: queue.id, name: queue.name }} onOpen={onOpen}>
          {!queue.is_open && <Status tone="neutral" icon={<IconMoon size={13} aria-hidden />}>{t('queues.closed')}</Status>}
          {alone && <Status tone="danger" icon={<IconAlertTriangle size={13} aria-hidden />}>{t('queues.nobody')}</Status>}
        </NameOf>
      </th>
      <td className={classes.big}>{formatCount(now.waiting)}</td>
      <td>{typeof now.oldest_wait_s === 'number' ? formatDuration(now.oldest_wait_s) : '–'}</td>
      <td>{formatCount(now.handled)}</td>
      <td>{formatCount(queue.agents_online)}</td>
      <td>{formatCount(today.entered)}</td>
      <td>{formatCount(today.answered)}</td>
      <td>{typeof today.in_time_share === 'number' ? formatShare(today.in_time_share, 1) : '–'}</td>
      <td>{today.breached > 0 ? <Status tone="danger" icon={<IconAlertTriangle size={13} aria-hidden />}>{formatCount(today.breached)}</Status> : 0}</td>
    </tr>
  );
}

export function Queues({ rows, onOpen }: { rows: BoardQueue[]; onOpen: Open }) {
  const { t } = useTranslation('wallboard');
  const heads = ['waiting', 'longest', 'handled', 'online', 'entered', 'answered', 'inTime', 'breached'] as const;
  return (
    <Panel title={t('queues.title')}>
      {rows.length === 0 && <EmptyState icon={IconHeadset} title={t('queues.none')} text={t('queues.noneText')} />}
      {rows.length > 0 && (
        <div className={classes.scroll} tabIndex={0} role="group" aria-label={t('queues.title')}>
          <table className={classes.table}>
            <thead><tr><th scope="col">{t('queues.name')}</th>{heads.map((head) => <th key={head} scope="col">{t(`queues.${head}`)}</th>)}</tr></thead>
            <tbody>{rows.map((queue) => <QueueRow key={queue.id} queue={queue} onOpen={onOpen} />)}</tbody>
          </table>
        </div>
      )}
    </Panel>
  );
}

function AgentRow({ agent, onOpen }: { agent: BoardAgent; onOpen: Open }) {
  const { t } = useTranslation('wallboard');
  const full = agent.load >= agent.capacity;
  return (
    <tr>
      <th scope="row"><NameOf holder={{ kind: 'agent', id: agent.id, name: agent.name }} onOpen={onOpen} /></th>
      <td className={classes.word}><span className={classes.mark} data-status={agent.presence} aria-hidden />{t(`common:presence.${agent.presence}`)}</td>
      <td>{t('agents.loadOf', { load: agent.load, capacity: agent.capacity })}{full && <> <Status tone="warning">{t('agents.full')}</Status></>}</td>
      <td>{formatCount(agent.open)}</td>
    </tr>
  );
}

export function Agents({ rows, onOpen }: { rows: BoardAgent[]; onOpen: Open }) {
  const { t } = useTranslation('wallboard');
  const sorted = [...rows].sort((a, b) => PRESENCE_ORDER[a.presence] - PRESENCE_ORDER[b.presence]);
  return (
    <Panel title={t('agents.title')}>
      {rows.length === 0 && <EmptyState icon={IconUserQuestion} title={t('agents.none')} text={t('agents.noneText')} />}
      {rows.length > 0 && (
        <div className={classes.scroll} tabIndex={0} role="group" aria-label={t('agents.title')}>
          <table className={classes.table}>
            <thead><tr><th scope="col">{t('agents.name')}</th><th scope="col" className={classes.word}>{t('agents.presence')}</th><th scope="col">{t('agents.load')}</th><th scope="col">{t('agents.open')}</th></tr></thead>
            <tbody>{sorted.map((agent) => <AgentRow key={agent.id} agent={agent} onOpen={onOpen} />)}</tbody>
          </table>
        </div>
      )}
    </Panel>
  );
}

export function Messages({ messages }: { messages: Wallboard['messages'] }) {
  const { t } = useTranslation('wallboard');
  const rows = byChannel(messages);
  return (
    <Panel title={t('messages.title')}>
      {rows.length === 0 && <p className={classes.quiet}>{t('messages.none')}</p>}
      {rows.length > 0 && (
        <table className={classes.table}>
          <thead><tr><th scope="col">{t('messages.channel')}</th>{COLUMNS.map((name) => <th key={name} scope="col">{t(`messages.${name}`)}</th>)}</tr></thead>
          <tbody>
            {rows.map((row) => (
              <tr key={row.channel}>
                <th scope="row"><ChannelIcon kind={row.channel} size={18} /> {t(`common:channel.${row.channel}`)}</th>
                {COLUMNS.map((name) => <td key={name}>{formatCount(row[name])}</td>)}
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Panel>
  );
}

export function Accounts({ rows }: { rows: Wallboard['accounts'] }) {
  const { t } = useTranslation('wallboard');
  return (
    <Panel title={t('accounts.title')}>
      {rows.length === 0 && <p className={classes.quiet}>{t('accounts.none')}</p>}
      <ul className={classes.accounts}>
        {rows.map((account) => (
          <li key={account.id}>
            <bdi>{account.name}</bdi>
            <AccountStatus account={account} />
            {account.health && <span className={classes.quiet}>{t('accounts.rate', { rate: formatRate(account.health.sent_per_s) })}{typeof account.health.score === 'number' && ` · ${t('accounts.score', { score: account.health.score })}`}</span>}
            {account.health?.reason && <span className={classes.reason}>{account.health.reason}</span>}
          </li>
        ))}
      </ul>
    </Panel>
  );
}

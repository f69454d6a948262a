import { IconAlertTriangle } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { Wallboard } from '../../api/types';
import { formatCount, formatDuration, formatShare } from '../../ui/numbers';
import classes from './wallboard.module.css';

const GOOD = 0.8;

function Tile({ label, value, hint, alert }: { label: string; value: string; hint?: string | undefined; alert?: boolean }) {
  const { t } = useTranslation('wallboard');
  return (
    <div className={classes.tile} data-alert={alert || undefined}>
      <dt>{label}{alert && <span className={classes.alert}><IconAlertTriangle size={18} aria-hidden />{t('tile.alert')}</span>}</dt>
      <dd className={classes.value}>{value}</dd>
      {hint && <dd className={classes.hint}>{hint}</dd>}
    </div>
  );
}

/** The six numbers that are read from across the room. */
export function Tiles({ board }: { board: Wallboard }) {
  const { t } = useTranslation('wallboard');
  const { now, today, agents } = board;
  const online = agents.filter((agent) => agent.presence === 'online');
  const sum = (name: 'load' | 'capacity'): string => formatCount(online.reduce((all, agent) => all + agent[name], 0));
  const share = today.in_time_share;
  const oldest = now.oldest_wait_s;
  return (
    <dl className={classes.tiles}>
      <Tile label={t('tile.waiting')} value={formatCount(now.waiting)} hint={now.waiting === 0 ? t('tile.nobodyWaits') : undefined} alert={now.waiting > 0 && online.length === 0} />
      <Tile label={t('tile.longest')} value={typeof oldest === 'number' ? formatDuration(oldest) : '–'} />
      <Tile label={t('tile.handled')} value={formatCount(now.handled)} hint={t('tile.later', { snoozed: formatCount(now.snoozed), waiting: formatCount(now.waiting_for_contact) })} />
      <Tile
        label={t('tile.inTime')}
        value={typeof share === 'number' ? formatShare(share, 1) : '–'}
        hint={typeof share === 'number' ? t('tile.of', { inTime: formatCount(today.in_time), all: formatCount(today.in_time + today.late) }) : t('tile.noTarget')}
        alert={typeof share === 'number' && share < GOOD}
      />
      <Tile label={t('tile.breached')} value={formatCount(today.breached)} hint={t('tile.today')} alert={today.breached > 0} />
      <Tile label={t('tile.online')} value={formatCount(online.length)} hint={t('tile.ofAgents', { count: agents.length, load: sum('load'), capacity: sum('capacity') })} />
    </dl>
  );
}

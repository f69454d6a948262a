import { IconAlertTriangle, IconCircleCheck, IconCircleDashed, IconCircleX, IconLoader2, IconPlayerPause, type Icon } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { ErrorCount, ProviderAccount } from '../../api/types';
import { useMe } from '../../app/session';
import { formatCount } from '../../ui/numbers';
import { Status } from '../../ui/Status';
import { clockTime } from '../../ui/time';
import classes from './channels.module.css';
import { acceptedShare, formatRate, limitOf, SCORE_TONES, scoreWord, STATE_TONES, stateOf, type AccountState } from './healthWords';

const ICONS: Record<AccountState, Icon> = { paused: IconPlayerPause, stopped: IconCircleX, trying: IconLoader2, working: IconCircleCheck, idle: IconCircleDashed, unknown: IconAlertTriangle };

export function AccountStatus({ account }: { account: Pick<ProviderAccount, 'status' | 'health'> }) {
  const { t } = useTranslation('channels');
  const state = stateOf(account);
  const Glyph = ICONS[state];
  return <Status tone={STATE_TONES[state]} icon={<Glyph size={13} aria-hidden />}>{t(`state.${state}`)}</Status>;
}

/** Why nothing is sent, and until when. */
export function Stopped({ account }: { account: ProviderAccount }) {
  const { t } = useTranslation('channels');
  const me = useMe();
  const { health } = account;
  if (account.status === 'paused') return <p className={classes.notice} data-tone="warning">{t('health.paused')}</p>;
  if (!health || health.state === 'closed') return null;
  return (
    <p className={classes.notice} data-tone="danger" role="status">
      <IconAlertTriangle size={16} aria-hidden />
      <span>
        {t('health.stopped', { reason: health.reason })} {health.code && t('health.code', { code: health.code })}{' '}
        {health.until && t('health.triedAgain', { time: clockTime(health.until, me.tenant.time_zone) })}
      </span>
    </p>
  );
}

function Figure({ label, value, note, tone }: { label: string; value: string; note?: string; tone?: string | undefined }) {
  return (
    <div className={classes.figure} data-tone={tone}>
      <dt>{label}</dt>
      <dd><strong>{value}</strong>{note && <span>{note}</span>}</dd>
    </div>
  );
}

/** Score, throughput against its limit, acceptance and answer time over the last quarter of an hour. */
export function Figures({ account }: { account: ProviderAccount }) {
  const { t } = useTranslation('channels');
  const { health } = account;
  if (!health) return <p className={classes.notice} data-tone="warning">{t('health.unread')}</p>;
  const { score, window } = health;
  const word = score === null ? null : scoreWord(score);
  const limit = limitOf(account.limits);
  const share = acceptedShare(window);
  return (
    <dl className={classes.figures}>
      <Figure label={t('health.score')} value={score === null ? '–' : String(score)} note={t(word ? `score.${word}` : 'score.none')} tone={word ? SCORE_TONES[word] : undefined} />
      <Figure label={t('health.now')} value={t('health.perS', { rate: formatRate(health.sent_per_s) })} note={limit ? t(`limit.${limit.of}`, { rate: formatRate(limit.value) }) : t('limit.none')} />
      <Figure label={t('health.accepted')} value={share === null ? '–' : `${Math.floor(share * 100)} %`} note={t('health.ofSent', { sent: formatCount(window.sent) })} />
      <Figure label={t('health.answer')} value={window.mean_latency_ms === null ? '–' : t('health.ms', { ms: formatCount(window.mean_latency_ms) })} note={t('health.lastMinutes')} />
    </dl>
  );
}

/** The codes that came, what they mean and what is done or to do. */
export function Errors({ errors, title }: { errors: ErrorCount[]; title: string }) {
  const { t } = useTranslation('channels');
  if (errors.length === 0) return <p className={classes.quiet}><IconCircleCheck size={15} aria-hidden /> {t('errors.none')}</p>;
  return (
    <div className={classes.tableBox}>
      <table className={classes.table}>
        <caption className="visually-hidden">{title}</caption>
        <thead><tr><th scope="col">{t('errors.code')}</th><th scope="col">{t('errors.meaning')}</th><th scope="col">{t('errors.todo')}</th><th scope="col" className={classes.number}>{t('errors.count')}</th></tr></thead>
        <tbody>
          {errors.map((error) => (
            <tr key={error.code} data-retry={error.retry}>
              <th scope="row"><code>{error.code}</code></th>
              <td className={classes.reason}>{error.reason}</td>
              <td>{t(`todo.${error.retry}`)}</td>
              <td className={classes.number}>{formatCount(error.count)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

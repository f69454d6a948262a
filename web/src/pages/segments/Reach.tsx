import { Loader } from '@mantine/core';
import { IconUserOff } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { Counted } from '../../api/types';
import { ChannelIcon } from '../../ui/ChannelIcon';
import { formatCount } from '../../ui/numbers';
import { ProblemAlert } from '../../ui/ProblemAlert';
import classes from './segments.module.css';
import type { LiveCount } from './useLiveCount';

const CHANNELS = ['sms', 'whatsapp', 'rcs', 'voice'] as const;

function ByChannel({ total }: { total: Counted }) {
  const { t } = useTranslation('segments');
  const reached = total.by_channel ?? {};
  return (
    <ul className={classes.channels} aria-label={t('reach.byChannel')}>
      {CHANNELS.filter((kind) => reached[kind] !== undefined).map((kind) => (
        <li key={kind} title={t('reach.channelHint', { channel: t(`common:channel.${kind}`) })}>
          <ChannelIcon kind={kind} />
          <span>{t(`common:channel.${kind}`)}</span>
          <strong>{formatCount(reached[kind] ?? 0)}</strong>
        </li>
      ))}
      <li title={t('reach.unreachableHint')}>
        <IconUserOff size={14} stroke={1.75} aria-hidden />
        <span>{t('reach.unreachable')}</span>
        <strong>{formatCount(total.unreachable ?? 0)}</strong>
      </li>
    </ul>
  );
}

/** The count while typing: how many, on which channels, how many cannot be reached. */
export function Reach({ live, onRetry }: { live: LiveCount; onRetry: () => void }) {
  const { t } = useTranslation('segments');
  const { total, counting, left } = live;
  return (
    <section className={`surface ${classes.reach}`} aria-label={t('reach.label')} data-testid="reach" data-counting={counting || undefined}>
      <div className={classes.total}>
        {total ? (
          <>
            <strong data-testid="reach-count">{formatCount(total.count)}</strong>
            <span>{t('reach.contacts', { count: total.count })}</span>
          </>
        ) : (
          <div className="skeleton" style={{ width: 130, height: 28 }} />
        )}
        <span className={classes.spin}>{counting && <Loader size={16} aria-hidden />}</span>
      </div>
      {total?.by_channel && <ByChannel total={total} />}
      {left > 0 && <p className={classes.note}>{t('reach.left', { count: left })}</p>}
      {live.problem && <ProblemAlert error={live.problem} onRetry={onRetry} />}
      <p className="visually-hidden" aria-live="polite">{!counting && total ? t('reach.said', { value: formatCount(total.count) }) : ''}</p>
    </section>
  );
}

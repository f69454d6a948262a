import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { channelHealthQuery } from '../../api/channels';
import { formatCount } from '../../ui/numbers';
import classes from './channels.module.css';

const HEIGHT = 48;
const STEP = 8;

/** What left in each of the last sixty minutes; what was refused or is not known stands on top in red. */
export function Minutes({ channelId }: { channelId: string }) {
  const { t } = useTranslation('channels');
  const { data } = useQuery(channelHealthQuery(channelId));
  const minutes = data?.minutes ?? [];
  const most = Math.max(1, ...minutes.map((minute) => minute.sent));
  const sent = minutes.reduce((sum, minute) => sum + minute.sent, 0);
  const wrong = minutes.reduce((sum, minute) => sum + minute.refused + minute.unknown, 0);
  return (
    <figure className={classes.minutes}>
      <svg viewBox={`0 0 ${Math.max(1, minutes.length) * STEP} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={t('health.minutes', { sent: formatCount(sent), wrong: formatCount(wrong) })}>
        {minutes.map((minute, at) => {
          const bar = (minute.sent / most) * HEIGHT;
          const bad = ((minute.refused + minute.unknown) / most) * HEIGHT;
          return (
            <g key={minute.at}>
              <rect className={classes.barBase} x={at * STEP} y={HEIGHT - 1} width={STEP - 2} height={1} />
              <rect className={classes.barGood} x={at * STEP} y={HEIGHT - bar + bad} width={STEP - 2} height={Math.max(0, bar - bad)} />
              <rect className={classes.barBad} x={at * STEP} y={HEIGHT - bar} width={STEP - 2} height={bad} />
            </g>
          );
        })}
      </svg>
      <figcaption>{t('health.minutes', { sent: formatCount(sent), wrong: formatCount(wrong) })}</figcaption>
    </figure>
  );
}

import { IconAlarm, IconAlertTriangle } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { Conversation } from '../../api/types';
import { useMe } from '../../app/session';
import { Status, type Tone } from '../../ui/Status';
import { absoluteTime } from '../../ui/time';
import { useNow } from '../../ui/useNow';
import { clockOf } from './serviceLevel';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const TONES: Record<'calm' | 'near' | 'over', Tone> = { calm: 'neutral', near: 'warning', over: 'danger' };

function duration(ms: number): string {
  const [value, unit] = ms >= DAY ? [ms / DAY, 'day'] : ms >= HOUR ? [ms / HOUR, 'hour'] : [Math.max(1, ms / MINUTE), 'minute'];
  return new Intl.NumberFormat(document.documentElement.lang || 'en', { style: 'unit', unit, unitDisplay: 'narrow', maximumFractionDigits: 0 }).format(Math.floor(value));
}

/** What the service level still allows. `brief`: in a list, only when it is near or over. */
export function ServiceLevel({ row, brief = false }: { row: Conversation; brief?: boolean }) {
  const { t } = useTranslation('inbox');
  const me = useMe();
  const clock = clockOf(row, useNow());
  if (!clock || (brief && clock.level === 'calm')) return null;
  const by = clock.target === 'first_response' ? row.respond_by : row.resolve_by;
  const target = t(`level.${clock.target}`);
  const words = clock.leftMs > 0 ? t(brief ? 'level.briefLeft' : 'level.left', { target, time: duration(clock.leftMs) }) : t(brief ? 'level.briefOver' : 'level.over', { target });
  return (
    <Status tone={TONES[clock.level]} icon={clock.level === 'over' ? <IconAlertTriangle size={13} aria-hidden /> : <IconAlarm size={13} aria-hidden />} title={by ? t('level.by', { target, time: absoluteTime(by, me.tenant.time_zone) }) : target}>
      {words}
    </Status>
  );
}

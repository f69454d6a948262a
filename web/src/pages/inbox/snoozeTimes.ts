/** Moments to put a conversation off to, by the clock of the tenant's zone. */
import { endOfDay } from '../../ui/time';

export interface SnoozeTime { key: 'hour' | 'hours' | 'tomorrow' | 'week'; until: string }

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const NINE = 9 * HOUR;

/** Nine o'clock of the day that is `days` after today in `zone`. */
function nine(nowMs: number, days: number, zone: string): string {
  const day = new Intl.DateTimeFormat('en-CA', { timeZone: zone }).format(nowMs + days * DAY);
  const midnight = Date.parse(endOfDay(new Date(Date.parse(`${day}T00:00:00Z`) - DAY).toISOString().slice(0, 10), zone)) + 1000;
  return new Date(midnight + NINE).toISOString();
}

export function snoozeTimes(nowMs: number, zone: string): SnoozeTime[] {
  const weekday = new Intl.DateTimeFormat('en-US', { timeZone: zone, weekday: 'short' }).format(nowMs);
  const toMonday = { Sun: 1, Mon: 7, Tue: 6, Wed: 5, Thu: 4, Fri: 3, Sat: 2 }[weekday] ?? 7;
  return [
    { key: 'hour', until: new Date(nowMs + HOUR).toISOString() },
    { key: 'hours', until: new Date(nowMs + 4 * HOUR).toISOString() },
    { key: 'tomorrow', until: nine(nowMs, 1, zone) },
    { key: 'week', until: nine(nowMs, toMonday, zone) },
  ];
}

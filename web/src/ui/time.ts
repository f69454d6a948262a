/** Times as people read them. All inputs are RFC 3339; zones are IANA names. */

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const language = (): string => document.documentElement.lang || 'en';
const formatters = new Map<string, Intl.DateTimeFormat>();

function format(at: string, zone: string, options: Intl.DateTimeFormatOptions): string {
  const key = `${language()}|${zone}|${JSON.stringify(options)}`;
  let formatter = formatters.get(key);
  if (!formatter) {
    formatter = new Intl.DateTimeFormat(language(), { ...options, timeZone: zone });
    formatters.set(key, formatter);
  }
  return formatter.format(new Date(at));
}

/** Short age: now, 4 min, 3 h, 2 d, then the date. `nowMs` is milliseconds since 1970. */
export function relativeTime(at: string, nowMs: number): string {
  const age = nowMs - Date.parse(at);
  const unit = (value: number, name: 'minute' | 'hour' | 'day'): string =>
    new Intl.NumberFormat(language(), { style: 'unit', unit: name, unitDisplay: 'narrow', maximumFractionDigits: 0 }).format(Math.floor(value));
  if (age < MINUTE) return new Intl.RelativeTimeFormat(language(), { numeric: 'auto' }).format(0, 'second');
  if (age < HOUR) return unit(age / MINUTE, 'minute');
  if (age < DAY) return unit(age / HOUR, 'hour');
  if (age < 7 * DAY) return unit(age / DAY, 'day');
  return new Intl.DateTimeFormat(language(), { day: 'numeric', month: 'short' }).format(new Date(at));
}

export const absoluteTime = (at: string, zone: string): string =>
  format(at, zone, { dateStyle: 'medium', timeStyle: 'medium' });

export const clockTime = (at: string, zone: string): string => format(at, zone, { hour: '2-digit', minute: '2-digit' });

/** Weekday and clock: for moments within the next days. */
export const shortTime = (at: string, zone: string): string => format(at, zone, { weekday: 'short', day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' });

export const exactTime = (at: string, zone: string): string => format(at, zone, { timeStyle: 'medium' });

/** A key per calendar day in `zone`, for dividers. */
export const dayKey = (at: string, zone: string): string => format(at, zone, { year: 'numeric', month: '2-digit', day: '2-digit' });

export const dayName = (at: string, zone: string): string => format(at, zone, { weekday: 'long', day: 'numeric', month: 'long' });

/** A day under its bar in a chart. */
export const shortDay = (at: string, zone: string): string => format(at, zone, { weekday: 'short', day: 'numeric', month: 'short' });

/** The last moment of a day `2026-01-31` in `zone`, as RFC 3339. */
export function endOfDay(day: string, zone: string): string {
  const utc = Date.parse(`${day}T23:59:59Z`);
  const parts = new Intl.DateTimeFormat('en-US', { timeZone: zone, hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric' }).formatToParts(utc);
  const part = (type: string): number => Number(parts.find((found) => found.type === type)?.value ?? 0);
  const shown = Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second'));
  return new Date(utc - (shown - utc)).toISOString();
}

/** Numbers as people read them, in the language of the page. */

const language = (): string => document.documentElement.lang || 'en';

export const formatCount = (value: number): string => value.toLocaleString(language());

/** 0..1 as a whole percentage, never 100 before the end. */
export const formatShare = (part: number, whole: number): string =>
  new Intl.NumberFormat(language(), { style: 'percent', maximumFractionDigits: 0 }).format(whole === 0 ? 0 : Math.floor((part / whole) * 100) / 100);

const KILO = 1024;
const SIZES = ['byte', 'kilobyte', 'megabyte', 'gigabyte'] as const;

export function formatBytes(bytes: number): string {
  const step = Math.min(SIZES.length - 1, bytes < KILO ? 0 : Math.floor(Math.log2(bytes) / 10));
  return new Intl.NumberFormat(language(), { style: 'unit', unit: SIZES[step] ?? 'byte', unitDisplay: 'short', maximumFractionDigits: step < 2 ? 0 : 1 }).format(bytes / KILO ** step);
}

const MINUTE_S = 60;
const HOUR_S = 3600;

/** Seconds as one rounded unit: 40 s, 3 min, 2 h. */
export function formatDuration(seconds: number): string {
  const [value, unit] = seconds < MINUTE_S ? [Math.max(1, Math.ceil(seconds)), 'second'] : seconds < HOUR_S ? [Math.ceil(seconds / MINUTE_S), 'minute'] : [Math.ceil(seconds / HOUR_S), 'hour'];
  return new Intl.NumberFormat(language(), { style: 'unit', unit: unit as string, unitDisplay: 'short' }).format(value as number);
}

/** Micros as the decimal text that money is written in. */
export const decimal = (micros: bigint): string => `${micros / 1_000_000n}.${String(micros % 1_000_000n).padStart(6, '0')}`;

/** 0..1 as a percentage with one digit at most, rounded to the nearest. */
export const formatPercent = (rate: number): string => new Intl.NumberFormat(language(), { style: 'percent', maximumFractionDigits: 1 }).format(rate);

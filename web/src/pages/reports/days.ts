const DAY_MS = 86_400_000;

/** The calendar day in `zone`, as `2026-01-31`; `back` days before the one of `ms`. */
export function dayOf(ms: number, zone: string, back = 0): string {
  const here = new Intl.DateTimeFormat('en-CA', { timeZone: zone, year: 'numeric', month: '2-digit', day: '2-digit' }).format(ms);
  return new Date(Date.parse(`${here}T00:00:00Z`) - back * DAY_MS).toISOString().slice(0, 10);
}

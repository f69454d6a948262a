import { expect, test } from 'vitest';
import { dayOf } from './days';

test('days are those of the zone, and counting back steps over a change of the clock', () => {
  const night = Date.parse('2026-03-29T22:30:00Z');
  expect(dayOf(night, 'Europe/Berlin')).toBe('2026-03-30');
  expect(dayOf(night, 'America/New_York')).toBe('2026-03-29');
  expect(dayOf(night, 'Europe/Berlin', 1)).toBe('2026-03-29');
  expect(dayOf(night, 'Europe/Berlin', 30)).toBe('2026-02-28');
});

// @vitest-environment jsdom
import { expect, test } from 'vitest';
import { endOfDay } from './time';

test.each([
  ['2026-01-31', 'UTC', '2026-01-31T23:59:59.000Z'],
  ['2026-01-31', 'Asia/Kolkata', '2026-01-31T18:29:59.000Z'],
  ['2026-07-01', 'America/New_York', '2026-07-02T03:59:59.000Z'],
])('the end of %s in %s', (day, zone, moment) => {
  expect(endOfDay(day, zone)).toBe(moment);
});

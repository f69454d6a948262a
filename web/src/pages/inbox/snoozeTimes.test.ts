import { describe, expect, it } from 'vitest';
import { snoozeTimes } from './snoozeTimes';

const at = (text: string): number => Date.parse(text);

describe('snoozeTimes', () => {
  it('means nine in the tenant’s zone', () => {
    const found = Object.fromEntries(snoozeTimes(at('2026-11-25T10:00:00Z'), 'Europe/Berlin').map(({ key, until }) => [key, until]));
    expect(found).toEqual({ hour: '2026-11-25T11:00:00.000Z', hours: '2026-11-25T14:00:00.000Z', tomorrow: '2026-11-26T08:00:00.000Z', week: '2026-11-30T08:00:00.000Z' });
  });
  it('goes by the zone’s own day', () => {
    const late = snoozeTimes(at('2026-11-25T23:30:00Z'), 'Asia/Kolkata');
    expect(late[2]?.until).toBe('2026-11-27T03:30:00.000Z');
  });
});

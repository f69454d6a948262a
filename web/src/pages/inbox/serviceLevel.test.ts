import { describe, expect, it } from 'vitest';
import { clockOf } from './serviceLevel';

const NOON = Date.parse('2026-11-23T12:00:00Z');
const row = { status: 'open' as const, opened_at: '2026-11-23T11:00:00Z', respond_by: null, resolve_by: null, breached: [] };

describe('clockOf', () => {
  it('shows the clock that runs out first', () => {
    const both = { ...row, respond_by: '2026-11-23T12:30:00Z', resolve_by: '2026-11-23T18:00:00Z' };
    expect(clockOf(both, NOON)).toEqual({ target: 'first_response', leftMs: 30 * 60_000, level: 'calm' });
  });
  it('is near within the last five minutes and the last quarter', () => {
    expect(clockOf({ ...row, respond_by: '2026-11-23T12:04:00Z' }, NOON)?.level).toBe('near');
    expect(clockOf({ ...row, opened_at: '2026-11-23T06:00:00Z', resolve_by: '2026-11-23T13:00:00Z' }, NOON)?.level).toBe('near');
  });
  it('is over once the time is gone or a target was missed', () => {
    expect(clockOf({ ...row, respond_by: '2026-11-23T11:59:00Z' }, NOON)?.level).toBe('over');
    expect(clockOf({ ...row, breached: ['first_response'] }, NOON)).toEqual({ target: 'first_response', leftMs: 0, level: 'over' });
  });
  it('is silent without a target and while the contact is waited for', () => {
    expect(clockOf(row, NOON)).toBeNull();
    expect(clockOf({ ...row, status: 'waiting', breached: ['resolution'] }, NOON)).toBeNull();
  });
});

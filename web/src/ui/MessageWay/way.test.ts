import { expect, test } from 'vitest';
import type { Attempt, WholeMessage } from '../../api/types';
import { legsOf, stepsOf } from './way';

const attempt = (over: Partial<Attempt>): Attempt => ({
  id: 'msg_1', channel: null, channel_kind: 'sms', address: '+15550001234', body: 'Hi', content: null, status: 'delivered', reason: null, detail: null, error_code: null, parts: 1, price: '0', currency: null, history: [],
  created_at: '2026-01-01T10:00:00Z', sent_at: null, delivered_at: null, read_at: null, failed_at: null, ...over,
});

test('steps stand in the order of their times, and end as the attempt ended', () => {
  const late = attempt({ status: 'undelivered', sent_at: '2026-01-01T10:00:01Z', failed_at: '2026-01-01T10:00:09Z' });
  expect(stepsOf(late).map((step) => step.state)).toEqual(['queued', 'sent', 'undelivered']);
  expect(stepsOf(attempt({ sent_at: '2026-01-01T10:00:02Z', delivered_at: '2026-01-01T10:00:01Z' })).map((step) => step.state)).toEqual(['queued', 'delivered', 'sent']);
});

test('what was refused was never queued', () => {
  expect(stepsOf(attempt({ status: 'refused' }))).toEqual([{ state: 'refused', at: '2026-01-01T10:00:00Z' }]);
});

test('channels that were passed over stand before the attempt that was made', () => {
  const passed = { event: 'passed-over', channel_kind: 'rcs', reason: 'no-rcs', detail: 'the handset has no RCS', at: '2026-01-01T09:59:59Z' };
  const message = { attempts: [attempt({ history: [passed, { event: 'other' }] }), attempt({ id: 'msg_2' })] } as unknown as WholeMessage;
  expect(legsOf(message).map((leg) => (leg.kind === 'passedOver' ? leg.channel : leg.attempt.id))).toEqual(['rcs', 'msg_1', 'msg_2']);
});

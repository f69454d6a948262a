import { expect, test } from 'vitest';
import { byChannel } from './messages';

test('every message is in exactly one column of its channel', () => {
  const of = (channel_kind: string, direction: 'in' | 'out', status: string, count: number) => ({ channel_kind, direction, status, count });
  const rows = byChannel([of('sms', 'in', 'received', 3), of('sms', 'out', 'read', 2), of('sms', 'out', 'delivered', 1), of('sms', 'out', 'refused', 4), of('sms', 'out', 'unknown', 5), of('rcs', 'out', 'sent', 6)]);
  expect(rows).toEqual([
    { channel: 'sms', in: 3, underway: 5, sent: 0, delivered: 3, failed: 4 },
    { channel: 'rcs', in: 0, underway: 0, sent: 6, delivered: 0, failed: 0 },
  ]);
});

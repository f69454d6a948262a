/** Messages by channel and state → rows of five numbers. */
import type { Wallboard } from '../../api/types';

export const COLUMNS = ['in', 'underway', 'sent', 'delivered', 'failed'] as const;
type Column = (typeof COLUMNS)[number];
export type MessageRow = { channel: string } & Record<Column, number>;

const STATES: Record<string, Column> = { queued: 'underway', sending: 'underway', unknown: 'underway', sent: 'sent', delivered: 'delivered', read: 'delivered' };

export function byChannel(messages: Wallboard['messages']): MessageRow[] {
  const rows = new Map<string, MessageRow>();
  for (const { channel_kind: channel, direction, status, count } of messages) {
    const row = rows.get(channel) ?? { channel, in: 0, underway: 0, sent: 0, delivered: 0, failed: 0 };
    row[direction === 'in' ? 'in' : (STATES[status] ?? 'failed')] += count;
    rows.set(channel, row);
  }
  return [...rows.values()];
}

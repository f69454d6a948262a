/** The way of a message as steps that people read: what was passed over, each attempt, and its states with times. */
import type { Attempt, WholeMessage } from '../../api/types';

export interface PassedOver { kind: 'passedOver'; key: string; channel: string; reason: string; detail: string; at: string }
export interface Tried { kind: 'attempt'; key: string; attempt: Attempt; steps: Step[] }
export interface Step { state: string; at: string }
export type Leg = PassedOver | Tried;

const word = (value: unknown): string => (typeof value === 'string' ? value : '');

/** The states that an attempt has reached, in the order of their times. */
export function stepsOf(attempt: Attempt): Step[] {
  const ended = ['undelivered', 'failed', 'expired', 'refused'].includes(attempt.status) ? attempt.status : 'failed';
  const found = [
    { state: 'queued', at: attempt.created_at },
    { state: 'sent', at: attempt.sent_at },
    { state: 'delivered', at: attempt.delivered_at },
    { state: 'read', at: attempt.read_at },
    { state: ended, at: attempt.failed_at },
  ].filter((step): step is Step => step.at !== null);
  if (attempt.status === 'refused') return [{ state: 'refused', at: attempt.created_at }];
  return found.toSorted((a, b) => Date.parse(a.at) - Date.parse(b.at));
}

/** Everything that happened to a message, in order. */
export function legsOf(message: WholeMessage): Leg[] {
  return message.attempts.flatMap((attempt) => [
    ...attempt.history.filter((entry) => entry.event === 'passed-over').map((entry, at): PassedOver => ({
      kind: 'passedOver', key: `${attempt.id} ${at}`, channel: word(entry.channel_kind), reason: word(entry.reason), detail: word(entry.detail), at: word(entry.at),
    })),
    { kind: 'attempt', key: attempt.id, attempt, steps: stepsOf(attempt) } satisfies Tried,
  ]);
}

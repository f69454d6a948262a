/** Which clock of a service level a conversation runs against, and how near it is. */
import type { Conversation } from '../../api/types';

export interface Clock { target: 'first_response' | 'resolution'; leftMs: number; level: 'calm' | 'near' | 'over' }

const NEAR_SHARE = 0.25;
const NEAR_MS = 5 * 60_000;

type Timed = Pick<Conversation, 'respond_by' | 'resolve_by' | 'opened_at' | 'breached' | 'status'>;

/** The clock that runs out first; a target that was missed and is still owed counts as over. Null when none runs. */
export function clockOf(row: Timed, nowMs: number): Clock | null {
  if (row.status !== 'open' && row.status !== 'snoozed') return null;
  const running = ([['first_response', row.respond_by], ['resolution', row.resolve_by]] as const)
    .flatMap(([target, by]) => (by ? [{ target, by: Date.parse(by) }] : []))
    .sort((one, other) => one.by - other.by)[0];
  const missed = row.breached.at(-1);
  if (!running) return missed ? { target: missed, leftMs: 0, level: 'over' } : null;
  const leftMs = running.by - nowMs;
  const whole = row.opened_at ? running.by - Date.parse(row.opened_at) : 0;
  const near = leftMs < NEAR_MS || leftMs < whole * NEAR_SHARE;
  return { target: running.target, leftMs, level: leftMs <= 0 ? 'over' : near ? 'near' : 'calm' };
}

/** Experiments as the panel draws them. All pure. */
import type { Decision, DecisionKind, Experiment, ExperimentArm } from '../../../api/experiments';

/** Where a bar ends at the least: a rate of nothing needs an axis too. */
const AXIS_MIN = 0.01;
const STEPS = [1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10];

/** 0..1: the end of the axis that all arms of an experiment share, a round number above their intervals. */
export function axisOf(arms: readonly ExperimentArm[]): number {
  const most = Math.max(AXIS_MIN, ...arms.filter((arm) => arm.entries > 0).map((arm) => Math.max(arm.rate_high, arm.rate ?? 0)));
  const unit = 10 ** Math.floor(Math.log10(most));
  const step = STEPS.find((one) => one * unit >= most * (1 - 1e-9)) ?? 10;
  return Math.min(1, step * unit);
}

/** In percent of the axis: where the interval begins, how wide it is, where the rate stands. Null before anybody came. */
export function barOf(arm: ExperimentArm, axis: number): { start: number; width: number; at: number } | null {
  if (arm.rate === null) return null;
  const share = (value: number): number => Math.round(Math.min(1, Math.max(0, value / axis)) * 1_000) / 10;
  const start = share(arm.rate_low);
  return { start, width: Math.round((share(arm.rate_high) - start) * 10) / 10, at: share(arm.rate) };
}

export const byItself = (decision: Decision): boolean => decision.actor.kind === 'system';

/** The decision that put an arm where it stands; `decisions` with the newest first. Null where none holds. */
export function holding(decisions: readonly Decision[], kind: 'winner' | 'stop', arm: string): Decision | null {
  for (const one of decisions) {
    // Taking anything back takes back who won; without an arm it takes back all.
    if (one.kind === 'resume' && (kind === 'winner' || one.arm === '' || one.arm === arm)) return null;
    if (one.kind === kind && (one.arm === arm || kind === 'winner')) return one.arm === arm ? one : null;
  }
  return null;
}

/** What may be decided of an arm now, as the API allows it. */
export function choicesOf(experiment: Experiment, arm: ExperimentArm): DecisionKind[] {
  if (arm.status === 'hold_out' || experiment.winner !== '') return [];
  if (arm.status === 'stopped') return ['winner', 'resume'];
  return experiment.arms.filter((one) => one.status === 'running').length > 1 ? ['winner', 'stop'] : ['winner'];
}

/** 0..1 of the people that were planned. */
export const progressOf = ({ entries, entries_planned: planned }: Pick<Experiment, 'entries' | 'entries_planned'>): number => (planned > 0 ? Math.min(1, entries / planned) : 1);

/** The arm's rate beside the first one's, as differences: 0.2 is 20 % more. Null while it is not known. */
export function liftOf(arm: ExperimentArm): { by: number; low: number; high: number | null } | null {
  if (arm.ratio === null || arm.ratio_low === null) return null;
  return { by: arm.ratio - 1, low: arm.ratio_low - 1, high: arm.ratio_high === null ? null : arm.ratio_high - 1 };
}

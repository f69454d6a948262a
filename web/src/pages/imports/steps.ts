/** The steps of an import and which of them its state allows. The server keeps the state; the address keeps the step. Pure. */
import type { Import } from '../../api/types';

export const STEPS = ['file', 'columns', 'policy', 'check', 'run'] as const;
export type Step = (typeof STEPS)[number];

const WORKING = new Set(['checking', 'running', 'undoing']);
const OVER = new Set(['completed', 'canceled', 'failed', 'undone', 'undoing', 'running']);

/** True while the server works on it, so that the page follows its progress. */
export const isWorking = (state: string): boolean => WORKING.has(state);

/** True when nothing about it can be decided any more. */
export const isOver = (state: string): boolean => OVER.has(state);

export const isStep = (value: unknown): value is Step => STEPS.includes(value as Step);

/** The step to show: the one asked for when the state allows it, else the one where the work stands. */
export function stepFor(state: string, asked: Step | undefined): Step {
  if (isOver(state)) return 'run';
  if (state === 'checking') return 'check';
  if (asked === 'run') return 'check';
  if (asked) return asked;
  return state === 'checked' ? 'check' : 'columns';
}

export const before = (step: Step): Step | null => STEPS[STEPS.indexOf(step) - 1] ?? null;

export function share(row: Pick<Import, 'rows_done' | 'rows_total'>): number | null {
  if (row.rows_total === null || row.rows_total === undefined || row.rows_total <= 0) return null;
  return Math.min(1, row.rows_done / row.rows_total);
}

export const changedRows = (totals: Import['totals']): number => totals.created + totals.updated;

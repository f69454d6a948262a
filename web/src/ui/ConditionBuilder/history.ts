/** Undo and redo of a value. Changes of the same thing within a moment (typing) are one step. Pure. */

export interface History<T> { past: T[]; present: T; future: T[]; mark: string; at: number }

const STEPS_MAX = 100;
const TYPING_MS = 900;

export const start = <T>(present: T): History<T> => ({ past: [], present, future: [], mark: '', at: 0 });

/** `mark` names what is changed: two changes with the same mark in a row, close in time, undo together. An empty one never joins. */
export function change<T>(history: History<T>, next: T, mark: string, nowMs: number): History<T> {
  if (Object.is(next, history.present)) return history;
  const joins = mark !== '' && mark === history.mark && nowMs - history.at < TYPING_MS && history.past.length > 0;
  const past = joins ? history.past : [...history.past, history.present].slice(-STEPS_MAX);
  return { past, present: next, future: [], mark, at: nowMs };
}

export function undo<T>(history: History<T>): History<T> {
  const before = history.past.at(-1);
  if (before === undefined) return history;
  return { past: history.past.slice(0, -1), present: before, future: [history.present, ...history.future], mark: '', at: 0 };
}

export function redo<T>(history: History<T>): History<T> {
  const [next, ...future] = history.future;
  if (next === undefined) return history;
  return { past: [...history.past, history.present], present: next, future, mark: '', at: 0 };
}

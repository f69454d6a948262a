/** The rows of the list that are chosen, to do something with all of them at once. */
import { createStore } from '../../app/store';

/** What the server takes at once. */
export const CHOSEN_MAX = 500;
const NONE: readonly string[] = [];

export const chosen = createStore<readonly string[]>(NONE);

export const chooseNone = (): void => chosen.set(NONE);

/** With `others` chosen or not as `id` now is: a range from the row that was chosen last. */
export function choose(now: readonly string[], id: string, others: readonly string[] = []): readonly string[] {
  const off = now.includes(id);
  const touched = [id, ...others];
  if (off) return now.filter((one) => !touched.includes(one));
  return [...new Set([...now, ...touched])].slice(0, CHOSEN_MAX);
}

/** The rows from one to another, both included; of rows that are not in the list, only the second. */
export function between(rows: readonly string[], from: string | undefined, to: string): readonly string[] {
  const ends = [from === undefined ? -1 : rows.indexOf(from), rows.indexOf(to)];
  if (ends.includes(-1)) return [to];
  return rows.slice(Math.min(...ends), Math.max(...ends) + 1);
}

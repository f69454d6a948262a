/** Numbers → contacts, a few at a time, each stopped when the page is left. */
import { findByNumber } from '../../api/segments';

const AT_ONCE = 6;

/** More than this is an import: it reads a million rows, and tags them. */
export const NUMBERS_MAX = 1_000;
export const MEMBERS_PER_CALL = 10_000;

export interface FoundMembers { ids: string[]; missing: string[] }

export async function findMembers(numbers: readonly string[], onProgress: (done: number) => void, signal: AbortSignal): Promise<FoundMembers> {
  const ids = new Set<string>();
  const missing: string[] = [];
  let next = 0;
  let done = 0;
  const work = async (): Promise<void> => {
    for (let number = numbers[next++]; number !== undefined && !signal.aborted; number = numbers[next++]) {
      const id = await findByNumber(number, signal);
      if (id) ids.add(id);
      else missing.push(number);
      done += 1;
      onProgress(done);
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, numbers.length) }, work));
  signal.throwIfAborted();
  return { ids: [...ids], missing };
}

export const chunks = <T,>(items: readonly T[], size: number): T[][] =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, at) => items.slice(at * size, (at + 1) * size));

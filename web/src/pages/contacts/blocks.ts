/** Rows of a long list come in blocks. Each is asked for by the id of the row before it, so that row 900,000 costs what row 1 does. */

export const BLOCK = 100;
const AHEAD = 30;

export const blockOf = (index: number): number => Math.floor(index / BLOCK);

/** Blocks that hold rows `first` to `last`, and the next one where the reader is close to it. */
export function blocksFor(first: number, last: number, count: number): number[] {
  if (count === 0) return [];
  const from = blockOf(Math.max(0, Math.min(first, count - 1)));
  const to = blockOf(Math.max(0, Math.min(last + AHEAD, count - 1)));
  return Array.from({ length: to - from + 1 }, (_, at) => from + at);
}

/**
 * The id after which a block begins: null for the first, undefined while nobody knows. `before` is the id of the last row of
 * the block before it, when that one is there and full; `landmarks` are the ids of every hundredth row.
 */
export function startOf(block: number, before: string | undefined, landmarks: string[] | undefined): string | null | undefined {
  if (block === 0) return null;
  return before ?? landmarks?.[block - 1];
}

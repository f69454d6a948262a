/** The order of a list while the pointer is inside: rows change in place, nothing moves, and what came is counted. */
import { useEffect, useMemo, useState } from 'react';

interface Row { id: string; last_at: string | null; last_direction: string }

export interface Frozen<T> { rows: T[]; news: number }

/**
 * `live` in the order of `frozen` (id → time of the last message when the pointer entered). Rows that left are dropped,
 * new ones wait; those and the rows that somebody wrote in since count as news.
 */
export function freeze<T extends Row>(live: T[], frozen: ReadonlyMap<string, string>): Frozen<T> {
  const byId = new Map(live.map((row) => [row.id, row]));
  const rows = [...frozen.keys()].flatMap((id) => byId.get(id) ?? []);
  const news = live.filter((row) => row.last_direction === 'in' && frozen.get(row.id) !== (row.last_at ?? '')).length;
  return { rows, news };
}

/**
 * Rows to show, and how many wait above. `held` is true while the pointer is inside; `listKey` names the list, so that
 * another view starts fresh; `grow` is the number of loaded pages: rows from older pages join at the end.
 */
export function useFrozenOrder<T extends Row>(live: T[], held: boolean, listKey: string, grow: number): Frozen<T> & { release: () => void } {
  const snapshot = (): ReadonlyMap<string, string> => new Map(live.map((row) => [row.id, row.last_at ?? '']));
  const [frozen, setFrozen] = useState<ReadonlyMap<string, string> | null>(null);
  const [shape, setShape] = useState('');
  const current = `${listKey}|${grow}`;
  useEffect(() => {
    if (!held) setFrozen(null);
    else if (frozen === null || shape !== current) {
      setFrozen(snapshot());
      setShape(current);
    }
  }, [held, current]);
  const active = held && shape === current ? frozen : null;
  const shown = useMemo(() => (active ? freeze(live, active) : { rows: live, news: 0 }), [live, active]);
  return { ...shown, release: () => setFrozen(held ? snapshot() : null) };
}

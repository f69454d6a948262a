import { useQueries, useQuery, useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect, useRef, useState } from 'react';
import { countQuery, landmarksQuery, rowsQuery, type ListQuery } from '../../api/contacts';
import type { Contact } from '../../api/contactTypes';
import { keys } from '../../api/keys';
import type { Page } from '../../api/types';
import { BLOCK, blockOf, blocksFor, startOf } from './blocks';

const SETTLE_MS = 60;
const LONG = 5 * BLOCK;

export interface Rows {
  /** undefined until the first answer. */
  count: number | undefined;
  rowAt: (index: number) => Contact | undefined;
  /** Rows of the blocks in view. */
  loaded: Contact[];
  onRange: (first: number, last: number) => void;
  /** Loads what a jump to any row needs, before it is made. */
  onNear: () => void;
  error: unknown;
  retry: () => void;
  /** True while what is shown still answers the filters before. */
  stale: boolean;
}

/** The query on screen: the wanted one as soon as its first rows are there, until then the one before. */
function useShown(wanted: ListQuery): { shown: ListQuery; count: number | undefined; error: unknown; retry: () => void } {
  const { sort: _sort, ...filter } = wanted;
  const count = useQuery(countQuery(filter));
  const first = useQuery(rowsQuery(wanted, 0, BLOCK, null));
  const [kept, keep] = useState<{ shown: ListQuery; count: number } | null>(null);
  const ready = count.data !== undefined && first.data !== undefined;
  const total = count.data?.count ?? 0;
  const key = JSON.stringify(wanted);
  useEffect(() => {
    if (ready) keep({ shown: wanted, count: total });
  }, [ready, total, key]);
  const error = (first.data ? null : first.error) ?? (count.data ? null : count.error);
  const retry = (): void => {
    void count.refetch();
    void first.refetch();
  };
  if (ready) return { shown: wanted, count: total, error: null, retry };
  return { shown: kept?.shown ?? wanted, count: kept?.count, error, retry };
}

/** Rows of the contact table by their number. Only blocks in view are asked for, wherever they are. */
export function useRows(wanted: ListQuery): Rows {
  const client = useQueryClient();
  const { shown, count, error, retry } = useShown(wanted);
  const [[first, last], setRange] = useState<[number, number]>([0, 0]);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  const onRange = useCallback((from: number, to: number) => {
    clearTimeout(timer.current);
    timer.current = setTimeout(() => setRange([from, to]), SETTLE_MS);
  }, []);

  const cached = (block: number): Page<Contact> | undefined => client.getQueryData<Page<Contact>>(keys.contactRows(shown, BLOCK, block));
  const lastOf = (block: number): string | undefined => {
    const items = cached(block)?.items;
    return items?.length === BLOCK ? items.at(-1)?.id : undefined;
  };
  const blocks = blocksFor(first, last, count ?? 0);
  const lost = blocks.some((block) => block > 0 && lastOf(block - 1) === undefined && cached(block) === undefined);
  const [near, setNear] = useState(false);
  const landmarks = useQuery({ ...landmarksQuery(shown, BLOCK), enabled: lost || (near && (count ?? 0) > LONG) });
  const onNear = useCallback(() => setNear(true), []);
  const results = useQueries({
    queries: blocks.map((block) => {
      const after = startOf(block, block > 0 ? lastOf(block - 1) : undefined, landmarks.data?.items);
      return { ...rowsQuery(shown, block, BLOCK, after ?? null), enabled: after !== undefined };
    }),
  });
  const rowAt = (index: number): Contact | undefined => cached(blockOf(index))?.items[index % BLOCK];
  const failed = results.find((result) => result.error && !result.data)?.error ?? (lost ? landmarks.error : null);
  return { count, rowAt, loaded: results.flatMap((result) => result.data?.items ?? []), onRange, onNear, error: error ?? failed ?? null, retry: () => {
    retry();
    void landmarks.refetch();
    for (const result of results) if (result.error) void result.refetch();
  }, stale: shown !== wanted };
}

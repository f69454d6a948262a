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
  /** How many came since, and the way to show them. */
  news: number;
  release: () => void;
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

interface Kept { key: string; shown: ListQuery; count: number }

/**
 * The query on screen: the wanted one as soon as its first rows are there, until then the one before. People who came
 * since are news, not rows: the newest stand at the top, and a list must not move under the pointer.
 */
function useShown(wanted: ListQuery) {
  const client = useQueryClient();
  const { sort, ...filter } = wanted;
  const count = useQuery(countQuery(filter));
  const first = useQuery(rowsQuery(wanted, 0, BLOCK, null));
  const [kept, keep] = useState<Kept | null>(null);
  const ready = count.data !== undefined && !count.isPlaceholderData && first.data !== undefined;
  const total = count.data?.count ?? 0;
  const key = JSON.stringify(wanted);
  const waits = ready && kept?.key === key && sort === '-created' && total > kept.count;
  useEffect(() => {
    if (ready && !waits) keep({ key, shown: wanted, count: total });
  }, [ready, waits, total, key]);
  const release = useCallback(() => {
    keep(null);
    void client.invalidateQueries({ queryKey: keys.contactAllRows });
    void client.invalidateQueries({ queryKey: keys.contactAllLandmarks });
  }, [client]);
  const current = ready && !waits ? { shown: wanted, count: total } : kept;
  return {
    shown: current?.shown ?? wanted,
    count: current?.count,
    news: waits ? total - kept.count : 0,
    release,
    error: (first.data ? null : first.error) ?? (count.data ? null : count.error),
    retry: () => {
      void count.refetch();
      void first.refetch();
    },
  };
}

/** Rows of the contact table by their number. Only blocks in view are asked for, wherever they are. */
export function useRows(wanted: ListQuery): Rows {
  const client = useQueryClient();
  const { shown, count, news, release, error, retry } = useShown(wanted);
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
  return { count, news, release, rowAt, loaded: results.flatMap((result) => result.data?.items ?? []), onRange, onNear, error: error ?? failed ?? null, retry: () => {
    retry();
    void landmarks.refetch();
    for (const result of results) if (result.error) void result.refetch();
  }, stale: shown !== wanted };
}

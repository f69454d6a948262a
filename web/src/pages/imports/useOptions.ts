/** What somebody decides about an import: shown at once, saved a moment later, and for sure before the next step. */
import { useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect, useRef, useState } from 'react';
import { importQuery, saveImport } from '../../api/imports';
import type { Import, ImportOptions } from '../../api/types';
import { asProblem, type Problem } from '../../api/problem';

const SAVE_MS = 500;

/** The options with what the API may leave out. */
const decided = ({ options }: Import): ImportOptions => ({
  policy: 'update',
  default_country: 'US',
  consent: null,
  tags: [],
  ...options,
  mapping: (options.mapping ?? []).map(({ column, target, create }) => ({ column, target: target ?? '', create: create ?? null })),
});

export interface Options {
  value: ImportOptions;
  set: (change: Partial<ImportOptions>) => void;
  /** Saves what waits. True when all is saved. */
  flush: () => Promise<boolean>;
  problem: Problem | null;
}

/** `complete`: whether a value may be sent; an incomplete one waits, and no step is taken with it. */
export function useOptions(row: Import, complete: (value: ImportOptions) => boolean = () => true): Options {
  const client = useQueryClient();
  const [value, setValue] = useState(() => decided(row));
  const [problem, setProblem] = useState<Problem | null>(null);
  const latest = useRef(value);
  const waiting = useRef<Partial<ImportOptions>>({});
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const completeNow = useRef(complete);
  const queue = useRef<Promise<boolean>>(Promise.resolve(true));
  const send = useCallback(async (): Promise<boolean> => {
    const change = waiting.current;
    if (!completeNow.current(latest.current)) return false;
    if (Object.keys(change).length === 0) return true;
    waiting.current = {};
    try {
      const saved = await saveImport(row.id, change);
      client.setQueryData(importQuery(row.id).queryKey, saved);
      setProblem(null);
      return true;
    } catch (error) {
      waiting.current = { ...change, ...waiting.current };
      setProblem(asProblem(error));
      return false;
    }
  }, [client, row.id]);
  // One save at a time: a later one must not be overtaken by an earlier one.
  const flush = useCallback((): Promise<boolean> => {
    clearTimeout(timer.current);
    queue.current = queue.current.then(send, send);
    return queue.current;
  }, [send]);
  const set = useCallback((change: Partial<ImportOptions>): void => {
    latest.current = { ...latest.current, ...change };
    setValue(latest.current);
    waiting.current = { ...waiting.current, ...change };
    clearTimeout(timer.current);
    timer.current = setTimeout(() => void flush(), SAVE_MS);
  }, [flush]);
  useEffect(() => () => {
    clearTimeout(timer.current);
    void flush();
  }, [flush]);
  return { value, set, flush, problem };
}

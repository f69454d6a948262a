/** The rules as they are edited, with undo, beside what is saved. */
import { useCallback, useEffect, useMemo, useState } from 'react';
import type { RoutingRules } from '../../api/types';
import { change, redo, start, undo, type History } from '../../ui/ConditionBuilder/history';
import { draftOf, sameList, type DraftList } from './rules';

export interface RulesDraft {
  list: DraftList;
  /** The version these changes start from. */
  base: number;
  dirty: boolean;
  canUndo: boolean;
  canRedo: boolean;
  /** `mark` joins changes of the same thing, as while typing, to one step of undo. */
  edit: (next: (old: DraftList) => DraftList, mark?: string) => void;
  undo: () => void;
  redo: () => void;
  adopt: (saved: RoutingRules) => void;
  /** Keeps what was changed here, on top of a later version. */
  rebase: (saved: RoutingRules) => void;
}

export function useRulesDraft(saved: RoutingRules): RulesDraft {
  const [history, setHistory] = useState<History<DraftList>>(() => start(draftOf(saved)));
  const [from, setFrom] = useState<DraftList>(() => history.present);
  const [base, setBase] = useState(saved.version);
  const list = history.present;
  const dirty = useMemo(() => !sameList(list, from), [list, from]);
  const edit = useCallback((next: (old: DraftList) => DraftList, mark = '') => setHistory((old) => change(old, next(old.present), mark, Date.now())), []);
  const adopt = useCallback((next: RoutingRules) => {
    const edited = draftOf(next);
    setHistory(start(edited));
    setFrom(edited);
    setBase(next.version);
  }, []);
  const rebase = useCallback((next: RoutingRules) => {
    setFrom(draftOf(next));
    setBase(next.version);
  }, []);
  useEffect(() => {
    // Somebody else saved, and nothing was changed here: show theirs.
    if (saved.version > base && !dirty) adopt(saved);
  }, [saved, base, dirty, adopt]);
  return useMemo(() => ({
    list, base, dirty, edit, adopt, rebase,
    canUndo: history.past.length > 0,
    canRedo: history.future.length > 0,
    undo: () => setHistory(undo),
    redo: () => setHistory(redo),
  }), [list, base, dirty, edit, adopt, rebase, history.past.length, history.future.length]);
}

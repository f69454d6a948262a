/** A segment as it is edited: name, description and rules with undo, beside what is saved. */
import { useCallback, useEffect, useMemo, useState } from 'react';
import { plain, sameCondition, withIds, type Group, type PlainGroup } from '../../ui/ConditionBuilder/condition';
import { change, redo, start, undo, type History } from '../../ui/ConditionBuilder/history';

export interface SavedSegment { name: string; description: string; version: number; condition: PlainGroup | null }

interface Edited { name: string; description: string; root: Group }

export interface SegmentDraft {
  name: string;
  description: string;
  root: Group;
  condition: PlainGroup;
  /** The version these changes start from; null for a new one. */
  base: number | null;
  dirty: boolean;
  canUndo: boolean;
  canRedo: boolean;
  setName: (name: string) => void;
  setDescription: (description: string) => void;
  setRoot: (root: Group, mark?: string) => void;
  undo: () => void;
  redo: () => void;
  /** Starts from what is saved, and forgets what was changed here. */
  adopt: (saved: SavedSegment) => void;
  /** Keeps what was changed here, on top of a later version. */
  rebase: (saved: SavedSegment) => void;
}

const editedFrom = (saved: SavedSegment | null): Edited => ({ name: saved?.name ?? '', description: saved?.description ?? '', root: withIds(saved?.condition) });

export function useSegmentDraft(saved: SavedSegment | null): SegmentDraft {
  const [history, setHistory] = useState<History<Edited>>(() => start(editedFrom(saved)));
  const [from, setFrom] = useState<Edited>(() => history.present);
  const [base, setBase] = useState<number | null>(saved?.version ?? null);
  const now = history.present;
  const dirty = now.name !== from.name || now.description !== from.description || !sameCondition(now.root, from.root);
  const edit = useCallback((part: Partial<Edited>, mark: string) => setHistory((old) => change(old, { ...old.present, ...part }, mark, Date.now())), []);
  const adopt = useCallback((next: SavedSegment) => {
    const edited = editedFrom(next);
    setHistory(start(edited));
    setFrom(edited);
    setBase(next.version);
  }, []);
  const rebase = useCallback((next: SavedSegment) => {
    setFrom(editedFrom(next));
    setBase(next.version);
  }, []);
  useEffect(() => {
    // Somebody else saved, and nothing was changed here: show theirs.
    if (saved && base !== null && saved.version > base && !dirty) adopt(saved);
  }, [saved, base, dirty, adopt]);
  return useMemo(() => ({
    name: now.name,
    description: now.description,
    root: now.root,
    condition: plain(now.root),
    base,
    dirty,
    canUndo: history.past.length > 0,
    canRedo: history.future.length > 0,
    setName: (name) => edit({ name }, 'name'),
    setDescription: (description) => edit({ description }, 'description'),
    setRoot: (root, mark = '') => edit({ root }, mark),
    undo: () => setHistory(undo),
    redo: () => setHistory(redo),
    adopt,
    rebase,
  }), [now, base, dirty, history.past.length, history.future.length, edit, adopt, rebase]);
}

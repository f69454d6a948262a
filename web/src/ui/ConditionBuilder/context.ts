/** What all parts of one builder share. */
import { createContext, use } from 'react';
import type { Group } from './condition';
import type { Field } from './fields';

export interface Builder {
  root: Group;
  fields: readonly Field[];
  /** `mark` joins changes of the same thing, as while typing, to one step of undo. */
  change: (next: Group, mark?: string) => void;
  /** People per node id; null while they are counted for the first time. */
  counts: ReadonlyMap<string, number> | null;
  counting: boolean;
  errors: ReadonlyMap<string, string>;
  readOnly: boolean;
  empty: string | undefined;
  addLabel: string | undefined;
  /** Names the node that takes the focus when it appears. */
  focusNext: (id: string | undefined) => void;
  /** True once, for the node that was named. */
  takesFocus: (id: string | undefined) => boolean;
  /** Says to screen readers what was done. */
  announce: (words: string) => void;
}

export const BuilderContext = createContext<Builder | null>(null);

export function useBuilder(): Builder {
  const builder = use(BuilderContext);
  if (!builder) throw new Error('outside a ConditionBuilder');
  return builder;
}

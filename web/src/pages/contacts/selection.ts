/** Which contacts are chosen: some by id, or all that match the filters. */

export type Selection = { kind: 'some'; ids: ReadonlySet<string>; anchor: number } | { kind: 'all' };

/** One bulk change takes this many ids; more than that goes by the filters. */
export const IDS_MAX = 1_000;

export const NOTHING: Selection = { kind: 'some', ids: new Set(), anchor: -1 };
export const isEmpty = (selection: Selection): boolean => selection.kind === 'some' && selection.ids.size === 0;
export const isPicked = (selection: Selection, id: string): boolean => selection.kind === 'all' || selection.ids.has(id);

/** `loaded` answers the id of a row that is there. With `range`, all rows from the last one chosen to this one. */
export function toggle(selection: Selection, index: number, range: boolean, loaded: (index: number) => string | undefined): Selection {
  const id = loaded(index);
  if (id === undefined) return selection;
  if (selection.kind === 'all') return { kind: 'some', ids: new Set([id]), anchor: index };
  const ids = new Set(selection.ids);
  if (!range || selection.anchor < 0) {
    if (!ids.delete(id)) ids.add(id);
    return { kind: 'some', ids: capped(ids), anchor: index };
  }
  const [from, to] = selection.anchor < index ? [selection.anchor, index] : [index, selection.anchor];
  for (let at = from; at <= to && ids.size < IDS_MAX; at += 1) {
    const other = loaded(at);
    if (other !== undefined) ids.add(other);
  }
  return { kind: 'some', ids, anchor: index };
}

const capped = (ids: Set<string>): Set<string> => (ids.size > IDS_MAX ? new Set([...ids].slice(0, IDS_MAX)) : ids);

export const pickAll = (ids: string[]): Selection => ({ kind: 'some', ids: new Set(ids.slice(0, IDS_MAX)), anchor: -1 });

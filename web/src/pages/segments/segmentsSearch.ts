/** What the address of the list of segments holds. */

export interface SegmentsSearch { q?: string; kind?: '' | 'dynamic' | 'static'; archived?: boolean }

export function segmentsSearch(search: Record<string, unknown>): SegmentsSearch {
  const kept: SegmentsSearch = {};
  if (typeof search.q === 'string' && search.q !== '') kept.q = search.q;
  if (search.kind === 'dynamic' || search.kind === 'static') kept.kind = search.kind;
  if (search.archived === true) kept.archived = true;
  return kept;
}

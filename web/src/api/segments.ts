/** Segments and the conditions they are made of: reads as options for react-query, writes one function each. */
import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query';
import { api, body } from './client';
import { keys } from './keys';
import type { PlainGroup, Segment } from './types';

const LIST_PAGE = 50;
const SAMPLE = 10;
const COUNT_FRESH_MS = 60_000;

export interface SegmentListParams { search: string; kind: '' | 'dynamic' | 'static'; archived: boolean }

const at = (segment_id: string) => ({ path: { segment_id } });
const once = (key: string) => ({ 'Idempotency-Key': key });

export const fieldsQuery = queryOptions({ queryKey: keys.segmentFields, queryFn: () => body(api.GET('/v1/segments/fields')), staleTime: 60_000 });

export const segmentsQuery = ({ search, kind, archived }: SegmentListParams) =>
  infiniteQueryOptions({
    queryKey: keys.segments({ search, kind, archived }),
    initialPageParam: null as string | null,
    queryFn: ({ pageParam, signal }) =>
      body(api.GET('/v1/segments', { params: { query: { search, kind: kind || undefined, archived, limit: LIST_PAGE, starting_after: pageParam ?? undefined } }, signal })),
    getNextPageParam: (page) => (page.has_more ? page.items.at(-1)?.id : undefined),
    placeholderData: keepPreviousData,
  });

export const segmentQuery = (id: string) => queryOptions({ queryKey: keys.segment(id), queryFn: () => body(api.GET('/v1/segments/{segment_id}', { params: at(id) })) });
export const usageQuery = (id: string) => queryOptions({ queryKey: keys.segmentUsage(id), queryFn: () => body(api.GET('/v1/segments/{segment_id}/usage', { params: at(id) })) });
export const versionsQuery = (id: string) => queryOptions({ queryKey: keys.segmentVersions(id), queryFn: () => body(api.GET('/v1/segments/{segment_id}/versions', { params: at(id) })) });

/** The people of a list, newest first. */
export const membersQuery = (segment: string) =>
  infiniteQueryOptions({
    queryKey: keys.segmentMembers(segment),
    initialPageParam: null as string | null,
    queryFn: ({ pageParam, signal }) => body(api.GET('/v1/contacts', { params: { query: { segment, limit: LIST_PAGE, starting_after: pageParam ?? undefined } }, signal })),
    getNextPageParam: (page) => (page.has_more ? page.items.at(-1)?.id : undefined),
  });

/** The count of a condition by channel, or of each rule alone. The signal stops a count that nobody waits for any more. */
export const countQuery = (condition: PlainGroup, perRule: boolean) =>
  queryOptions({
    queryKey: keys.count(condition, perRule),
    queryFn: ({ signal }) => body(api.POST('/v1/segments/count', { body: { condition, per_rule: perRule, by_channel: !perRule }, signal })),
    staleTime: COUNT_FRESH_MS,
    gcTime: COUNT_FRESH_MS,
    retry: false,
  });

export const sampleQuery = (condition: PlainGroup) =>
  queryOptions({
    queryKey: keys.sample(condition),
    queryFn: ({ signal }) => body(api.POST('/v1/segments/sample', { body: { condition, limit: SAMPLE }, signal })),
    staleTime: COUNT_FRESH_MS,
    gcTime: COUNT_FRESH_MS,
    retry: false,
  });

export const wordsQuery = (condition: PlainGroup) =>
  queryOptions({
    queryKey: keys.words(condition),
    queryFn: ({ signal }) => body(api.POST('/v1/segments/words', { body: { condition }, signal })),
    staleTime: Infinity,
    gcTime: COUNT_FRESH_MS,
    retry: false,
  });

export const explainQuery = (condition: PlainGroup, contact_id: string) =>
  queryOptions({
    queryKey: keys.explain(condition, contact_id),
    queryFn: ({ signal }) => body(api.POST('/v1/segments/explain', { body: { condition, contact_id }, signal })),
    retry: false,
  });

export const parseWords = (words: string) => body(api.POST('/v1/segments/parse', { body: { words } }));

export interface SegmentDraft { name: string; description: string; condition: PlainGroup }

export const createSegment = (draft: SegmentDraft, key: string): Promise<Segment> => body(api.POST('/v1/segments', { body: { ...draft, kind: 'dynamic' }, headers: once(key) }));
export const createStatic = (name: string, key: string): Promise<Segment> => body(api.POST('/v1/segments', { body: { name, kind: 'static' }, headers: once(key) }));

/** Saves over the version that was read; 412 when somebody saved since. */
export const saveSegment = ({ id, version }: Pick<Segment, 'id' | 'version'>, change: Partial<SegmentDraft>): Promise<Segment> =>
  body(api.PATCH('/v1/segments/{segment_id}', { params: { ...at(id), header: { 'If-Match': `"${version}"` } }, body: change }));

export const archiveSegment = (id: string): Promise<unknown> => body(api.DELETE('/v1/segments/{segment_id}', { params: at(id) }));
export const restoreVersion = (id: string, version: number): Promise<Segment> => body(api.POST('/v1/segments/{segment_id}/restore', { params: at(id), body: { version } }));
export const freezeSegment = (id: string, name: string, key: string): Promise<Segment> => body(api.POST('/v1/segments/{segment_id}/freeze', { params: at(id), body: { name }, headers: once(key) }));
export const changeMembers = (id: string, change: { add?: string[]; remove?: string[] }) => body(api.POST('/v1/segments/{segment_id}/members', { params: at(id), body: change }));

/** The contact that has this number (with its country code); null for none. */
export async function findByNumber(number: string, signal: AbortSignal): Promise<string | null> {
  const page = await body(api.GET('/v1/contacts', { params: { query: { search: number, limit: 5 } }, signal }));
  return page.items.find((row) => row.addresses.some((one) => one.address === number))?.id ?? null;
}

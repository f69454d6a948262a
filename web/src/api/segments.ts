/** Segments: reads and writes. */
import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query';
import type { PlainGroup } from '../ui/ConditionBuilder/condition';
import { keys } from './keys';
import { call, type Catalog, type Counted, type Explained, type SampleContact, type Segment, type SegmentVersion, type Use } from './local';
import type { Page } from './types';

const LIST_PAGE = 50;
const SAMPLE = 10;
const COUNT_FRESH_MS = 60_000;

export interface SegmentListParams { search: string; kind: '' | 'dynamic' | 'static'; archived: boolean }

export const ifMatch = (version: number): { 'If-Match': string } => ({ 'If-Match': `"${version}"` });

export const fieldsQuery = queryOptions({ queryKey: keys.segmentFields, queryFn: () => call<Catalog>('GET', '/v1/segments/fields'), staleTime: 60_000 });

export const segmentsQuery = (params: SegmentListParams) =>
  infiniteQueryOptions({
    queryKey: keys.segments(params),
    initialPageParam: null as string | null,
    queryFn: ({ pageParam, signal }) =>
      call<Page<Segment>>('GET', '/v1/segments', {
        params: { query: { search: params.search || undefined, kind: params.kind || undefined, archived: params.archived || undefined, limit: LIST_PAGE, starting_after: pageParam ?? undefined } },
        signal,
      }),
    getNextPageParam: (page) => (page.has_more ? page.items.at(-1)?.id : undefined),
    placeholderData: keepPreviousData,
  });

export const segmentQuery = (segment_id: string) =>
  queryOptions({ queryKey: keys.segment(segment_id), queryFn: () => call<Segment>('GET', '/v1/segments/{segment_id}', { params: { path: { segment_id } } }) });

/** The people of a list, newest first. */
export const membersQuery = (segment: string) =>
  infiniteQueryOptions({
    queryKey: keys.segmentMembers(segment),
    initialPageParam: null as string | null,
    queryFn: ({ pageParam, signal }) =>
      call<Page<SampleContact>>('GET', '/v1/contacts', { params: { query: { segment, limit: LIST_PAGE, starting_after: pageParam ?? undefined } }, signal }),
    getNextPageParam: (page) => (page.has_more ? page.items.at(-1)?.id : undefined),
  });

export const usageQuery = (segment_id: string) =>
  queryOptions({ queryKey: keys.segmentUsage(segment_id), queryFn: () => call<{ items: Use[] }>('GET', '/v1/segments/{segment_id}/usage', { params: { path: { segment_id } } }) });

export const versionsQuery = (segment_id: string) =>
  queryOptions({ queryKey: keys.segmentVersions(segment_id), queryFn: () => call<Page<SegmentVersion>>('GET', '/v1/segments/{segment_id}/versions', { params: { path: { segment_id } } }) });

/** The count of a condition; `signal` stops it when another is asked. */
export const countQuery = (condition: PlainGroup, perRule: boolean) =>
  queryOptions({
    queryKey: keys.count(condition, perRule),
    queryFn: ({ signal }) => call<Counted>('POST', '/v1/segments/count', { body: { condition, per_rule: perRule, by_channel: !perRule }, signal }),
    staleTime: COUNT_FRESH_MS,
    gcTime: COUNT_FRESH_MS,
    retry: false,
  });

export const sampleQuery = (condition: PlainGroup) =>
  queryOptions({
    queryKey: keys.sample(condition),
    queryFn: ({ signal }) => call<{ items: SampleContact[] }>('POST', '/v1/segments/sample', { body: { condition, limit: SAMPLE }, signal }),
    staleTime: COUNT_FRESH_MS,
    gcTime: COUNT_FRESH_MS,
    retry: false,
  });

export const wordsQuery = (condition: PlainGroup) =>
  queryOptions({
    queryKey: keys.words(condition),
    queryFn: ({ signal }) => call<{ words: string }>('POST', '/v1/segments/words', { body: { condition }, signal }),
    staleTime: Infinity,
    gcTime: COUNT_FRESH_MS,
    retry: false,
  });

export const explainQuery = (condition: PlainGroup, contact_id: string) =>
  queryOptions({
    queryKey: keys.explain(condition, contact_id),
    queryFn: ({ signal }) => call<Explained>('POST', '/v1/segments/explain', { body: { condition, contact_id }, signal }),
    retry: false,
  });

export const parseWords = (words: string): Promise<{ condition: PlainGroup }> => call('POST', '/v1/segments/parse', { body: { words } });

export interface SegmentDraft { name: string; description: string; condition: PlainGroup }

export const createSegment = (draft: SegmentDraft, key: string): Promise<Segment> =>
  call('POST', '/v1/segments', { body: { ...draft, kind: 'dynamic' }, headers: { 'Idempotency-Key': key } });

export const createStatic = (draft: { name: string; description: string; contact_ids: string[] }, key: string): Promise<Segment> =>
  call('POST', '/v1/segments', { body: { ...draft, kind: 'static' }, headers: { 'Idempotency-Key': key } });

/** Saves over the version that was read; 412 when somebody saved since. */
export const saveSegment = ({ id, version }: Pick<Segment, 'id' | 'version'>, change: Partial<SegmentDraft>): Promise<Segment> =>
  call('PATCH', '/v1/segments/{segment_id}', { params: { path: { segment_id: id } }, body: change, headers: ifMatch(version) });

export const archiveSegment = (segment_id: string): Promise<void> => call('DELETE', '/v1/segments/{segment_id}', { params: { path: { segment_id } } });

export const restoreVersion = (segment: Segment, version: number): Promise<Segment> =>
  call('POST', '/v1/segments/{segment_id}/restore', { params: { path: { segment_id: segment.id } }, body: { version }, headers: ifMatch(segment.version) });

export const freezeSegment = (segment_id: string, name: string, key: string): Promise<Segment> =>
  call('POST', '/v1/segments/{segment_id}/freeze', { params: { path: { segment_id } }, body: { name }, headers: { 'Idempotency-Key': key } });

export const changeMembers = (segment_id: string, change: { add?: string[]; addresses?: string[]; remove?: string[] }): Promise<{ added: number; removed: number; unknown: string[] }> =>
  call('POST', '/v1/segments/{segment_id}/members', { params: { path: { segment_id } }, body: change });

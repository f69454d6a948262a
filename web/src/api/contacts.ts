/** Contacts: reads as options for react-query, writes one function each. */
import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { api, body, idempotencyKey } from './client';
import type { AddressKind, Attribute, ContactDetail, ContactFilter, MergePreview, NewConsent, SavedView, Suppression, TimelineEntry, TimelinePage } from './contactTypes';
import { keys } from './keys';
import type { components, operations } from './schema';

type Schemas = components['schemas'];
type Body<Name extends keyof operations> = operations[Name] extends { requestBody: { content: { 'application/json': infer Shape } } } ? Shape : never;
type ListParams = NonNullable<operations['list_contacts']['parameters']['query']>;

export interface ListQuery extends ContactFilter { sort: string }

const at = (contact_id: string) => ({ path: { contact_id } });
const once = () => ({ 'Idempotency-Key': idempotencyKey() });
const match = (version: number) => ({ 'If-Match': `"${version}"` });

/** What stands in the address of the page; the API refuses a word that it does not know. */
const asked = (query: ContactFilter & { sort?: string }): ListParams => query as ListParams;

/** Rows of one block of the table: those after `after`, at most `limit`. */
export const rowsQuery = (query: ListQuery, block: number, limit: number, after: string | null) =>
  queryOptions({
    queryKey: keys.contactRows(query, limit, block),
    queryFn: ({ signal }) => body(api.GET('/v1/contacts', { params: { query: { ...asked(query), limit, starting_after: after ?? undefined } }, signal })),
    staleTime: 60_000,
  });

export const countQuery = (filter: ContactFilter) =>
  queryOptions({
    queryKey: keys.contactCount(filter),
    queryFn: ({ signal }) => body(api.GET('/v1/contacts/count', { params: { query: asked(filter) }, signal })),
    staleTime: 30_000,
  });

export const landmarksQuery = (query: ListQuery, every: number) =>
  queryOptions({
    queryKey: keys.contactLandmarks(query, every),
    queryFn: ({ signal }) => body(api.GET('/v1/contacts/landmarks', { params: { query: { ...asked(query), every } }, signal })),
    staleTime: 60_000,
  });

/** People that a word or a number may mean, for pickers. */
export const peopleQuery = (search: string) =>
  queryOptions({
    queryKey: keys.contactSearch(search),
    queryFn: ({ signal }) => body(api.GET('/v1/contacts', { params: { query: { search, limit: 8 } }, signal })),
    placeholderData: keepPreviousData,
  });

export const detailQuery = (id: string) =>
  queryOptions({ queryKey: keys.contact(id), queryFn: () => body(api.GET('/v1/contacts/{contact_id}', { params: at(id) })), staleTime: 30_000 });

export const tagsQuery = queryOptions({ queryKey: keys.tags, queryFn: () => body(api.GET('/v1/tags')), staleTime: 60_000 });
export const attributesQuery = queryOptions({ queryKey: keys.attributes, queryFn: () => body(api.GET('/v1/attributes')), staleTime: 60_000 });
export const segmentNamesQuery = queryOptions({
  queryKey: keys.segmentNames,
  queryFn: () => body(api.GET('/v1/segments', { params: { query: { limit: 200 } } })),
  staleTime: 60_000,
});
export const viewsQuery = queryOptions({ queryKey: keys.views('contacts'), queryFn: () => body(api.GET('/v1/views', { params: { query: { area: 'contacts' } } })), staleTime: 60_000 });

export const createContact = (contact: Schemas['NewSingleContact']): Promise<ContactDetail> => body(api.POST('/v1/contacts', { body: contact, headers: once() }));
export const patchContact = (id: string, version: number, change: Schemas['PatchContact']): Promise<ContactDetail> =>
  body(api.PATCH('/v1/contacts/{contact_id}', { params: at(id), headers: match(version), body: change }));
export const addAddress = (id: string, kind: string, address: string): Promise<ContactDetail> =>
  body(api.POST('/v1/contacts/{contact_id}/addresses', { params: at(id), body: { kind: kind as AddressKind, address }, headers: once() }));
const place = (contact_id: string, kind: string, address: string) => ({ path: { contact_id, kind, address } });
export const makePrimary = (id: string, kind: string, address: string): Promise<unknown> =>
  body(api.PATCH('/v1/contacts/{contact_id}/addresses/{kind}/{address}', { params: place(id, kind, address), body: { primary: true } }));
export const removeAddress = (id: string, kind: string, address: string): Promise<unknown> => body(api.DELETE('/v1/contacts/{contact_id}/addresses/{kind}/{address}', { params: place(id, kind, address) }));
export const addTag = (contact_id: string, tag: string): Promise<unknown> => body(api.PUT('/v1/contacts/{contact_id}/tags/{tag}', { params: { path: { contact_id, tag } } }));
export const removeTag = (contact_id: string, tag: string): Promise<unknown> => body(api.DELETE('/v1/contacts/{contact_id}/tags/{tag}', { params: { path: { contact_id, tag } } }));
export const setConsent = (id: string, change: NewConsent): Promise<unknown> => body(api.POST('/v1/contacts/{contact_id}/consents', { params: at(id), body: change, headers: once() }));

/** Whom a bulk change is for: these people, or all that match. */
export type BulkTarget = { contact_ids: string[] } | { filter: ContactFilter };
export interface BulkTags { add_tags: string[]; remove_tags: string[] }
export const bulk = (target: BulkTarget, change: BulkTags, dry_run: boolean): Promise<Schemas['BulkResult']> =>
  body(api.POST('/v1/contacts/bulk', { body: { ...target, ...change, dry_run } as Schemas['BulkChange'], headers: once() }));

export interface TimelineFilter { kinds: string[]; channel?: string | undefined; around?: string | undefined }
/** `before` is older than a cursor, `after` newer; without either it begins at `around`, or now. */
export type TimelinePlace = { before: string } | { after: string } | null;
export const timelinePage = (id: string, { kinds, channel, around }: TimelineFilter, place: TimelinePlace, signal?: AbortSignal): Promise<TimelinePage> =>
  body(api.GET('/v1/contacts/{contact_id}/timeline', { params: { ...at(id), query: { kinds: kinds.join(','), channel: (channel ?? '') as '', around: place ? undefined : around, ...place } }, signal }));
export const addNote = (id: string, text: string, key: string): Promise<TimelineEntry> => body(api.POST('/v1/contacts/{contact_id}/notes', { params: at(id), body: { body: text }, headers: { 'Idempotency-Key': key } }));
const note = (contact_id: string, note_id: string) => ({ path: { contact_id, note_id } });
export const editNote = (id: string, noteId: string, text: string): Promise<TimelineEntry> => body(api.PATCH('/v1/contacts/{contact_id}/notes/{note_id}', { params: note(id, noteId), body: { body: text } }));
export const deleteNote = (id: string, noteId: string): Promise<unknown> => body(api.DELETE('/v1/contacts/{contact_id}/notes/{note_id}', { params: note(id, noteId) }));

export const duplicatesQuery = (id: string) =>
  queryOptions({ queryKey: keys.duplicates(id), queryFn: () => body(api.GET('/v1/contacts/{contact_id}/duplicates', { params: at(id) })), staleTime: 60_000 });
export type Choices = Record<string, 'winner' | 'loser'>;
export const merge = (winner_id: string, loser_id: string, choices: Choices, dry_run: boolean): Promise<MergePreview> =>
  body(api.POST('/v1/contacts/merge', { params: { query: { dry_run } }, body: { winner_id, loser_id, choices }, headers: once() }));
export const undoMerge = (merge_id: string): Promise<unknown> => body(api.POST('/v1/contacts/merges/{merge_id}/undo', { params: { path: { merge_id } }, headers: once() }));
export const erase = (id: string, reason: string): Promise<Schemas['ErasureReport']> => body(api.POST('/v1/contacts/{contact_id}/erase', { params: at(id), body: { reason }, headers: once() }));
export const exportUrl = (id: string, format: 'json' | 'zip'): string => `/v1/contacts/${id}/export?format=${format}`;

export const createAttribute = (attribute: Body<'create_attribute'>): Promise<Attribute> => body(api.POST('/v1/attributes', { body: attribute, headers: once() }));
export const patchAttribute = (attribute_id: string, version: number, change: Schemas['PatchAttribute']): Promise<Attribute> =>
  body(api.PATCH('/v1/attributes/{attribute_id}', { params: { path: { attribute_id } }, headers: match(version), body: change }));
export const deleteAttribute = (attribute_id: string, version: number, dry_run: boolean): Promise<Schemas['Removed']> =>
  body(api.DELETE('/v1/attributes/{attribute_id}', { params: { path: { attribute_id }, query: { dry_run } }, headers: match(version) }));

export const suppressionsPage = (search: string, after: string | null, signal?: AbortSignal): Promise<Schemas['SuppressionPage']> =>
  body(api.GET('/v1/suppressions', { params: { query: { search, limit: 100, starting_after: after ?? undefined } }, signal }));
export const addSuppression = (kind: string, address: string, reason: string): Promise<Suppression> => body(api.POST('/v1/suppressions', { body: { kind: kind as AddressKind, address, reason }, headers: once() }));
export const removeSuppression = (row: Suppression): Promise<unknown> => body(api.DELETE('/v1/suppressions/{kind}/{address}', { params: { path: { kind: row.kind, address: row.address } } }));

export const createView = (view: Omit<Schemas['NewView'], 'area'>): Promise<SavedView> => body(api.POST('/v1/views', { body: { area: 'contacts', ...view }, headers: once() }));
export const patchView = (view_id: string, change: Schemas['PatchView']): Promise<SavedView> => body(api.PATCH('/v1/views/{view_id}', { params: { path: { view_id } }, body: change }));
export const deleteView = (view_id: string): Promise<unknown> => body(api.DELETE('/v1/views/{view_id}', { params: { path: { view_id } } }));

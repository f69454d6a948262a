/** Flows: reads as options for react-query, writes one function each. */
import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query';
import { api, body } from './client';
import { keys } from './keys';
import type { components } from './schema';

type Schemas = components['schemas'];
export type Flow = Schemas['Flow'];
export type FlowDraft = Schemas['FlowDraft'];
export type FlowLook = Schemas['FlowLook'];
export type FlowVersion = Schemas['FlowVersion'];
export type SavedDraft = Schemas['SavedDraft'];
export type ImportedFlow = Schemas['ImportedFlow'];
export interface FlowListParams { search: string; archived: boolean }
type Document = Record<string, unknown>;

const LIST_PAGE = 50;
const at = (flow_id: string) => ({ path: { flow_id } });
const once = (key: string) => ({ 'Idempotency-Key': key });

export const flowNodesQuery = queryOptions({ queryKey: keys.flowNodes, queryFn: () => body(api.GET('/v1/flow-nodes')), staleTime: Infinity });
export const flowFieldsQuery = queryOptions({ queryKey: keys.flowFields, queryFn: () => body(api.GET('/v1/flow-nodes/fields')), staleTime: 60_000 });

export const flowsQuery = ({ search, archived }: FlowListParams) =>
  infiniteQueryOptions({
    queryKey: keys.flows({ search, archived }),
    initialPageParam: null as string | null,
    queryFn: ({ pageParam, signal }) => body(api.GET('/v1/flows', { params: { query: { search, archived, limit: LIST_PAGE, starting_after: pageParam ?? undefined } }, signal })),
    getNextPageParam: (page) => (page.has_more ? page.items.at(-1)?.id : undefined),
    placeholderData: keepPreviousData,
  });

export const flowQuery = (id: string) => queryOptions({ queryKey: keys.flow(id), queryFn: () => body(api.GET('/v1/flows/{flow_id}', { params: at(id) })) });
export const flowDraftQuery = (id: string) => queryOptions({ queryKey: keys.flowDraft(id), queryFn: () => body(api.GET('/v1/flows/{flow_id}/draft', { params: at(id) })), staleTime: 0, gcTime: 0 });
export const flowVersionsQuery = (id: string) => queryOptions({ queryKey: keys.flowVersions(id), queryFn: () => body(api.GET('/v1/flows/{flow_id}/versions', { params: at(id) })) });
export const flowVersionQuery = (id: string, version: number) =>
  queryOptions({ queryKey: keys.flowVersion(id, version), queryFn: () => body(api.GET('/v1/flows/{flow_id}/versions/{version}', { params: { path: { flow_id: id, version } } })), staleTime: Infinity });
/** What is wrong or doubtful with the draft as it was saved under this number. */
export const flowLookQuery = (id: string, draft: number) =>
  queryOptions({ queryKey: keys.flowLook(id, draft), queryFn: ({ signal }) => body(api.POST('/v1/flows/{flow_id}/inspect', { params: at(id), body: {}, signal })), placeholderData: keepPreviousData, retry: false });

export const createFlow = (name: string, key: string, document?: Document): Promise<Flow> => body(api.POST('/v1/flows', { body: { name, description: '', document: document ?? null }, headers: once(key) }));
export const renameFlow = ({ id, revision }: Pick<Flow, 'id' | 'revision'>, change: { name?: string; description?: string }): Promise<Flow> =>
  body(api.PATCH('/v1/flows/{flow_id}', { params: { ...at(id), header: { 'If-Match': `"${revision}"` } }, body: change }));
export const archiveFlow = (id: string): Promise<unknown> => body(api.DELETE('/v1/flows/{flow_id}', { params: at(id) }));
/** Saves over the draft that was read; 412 when somebody saved since. */
export const saveFlowDraft = (id: string, version: number, document: Document): Promise<SavedDraft> =>
  body(api.PUT('/v1/flows/{flow_id}/draft', { params: { ...at(id), header: { 'If-Match': `"${version}"` } }, body: { document } }));
export const restoreFlow = (id: string, version: number): Promise<SavedDraft> => body(api.POST('/v1/flows/{flow_id}/restore', { params: at(id), body: { version } }));
export const exportFlow = (id: string) => body(api.GET('/v1/flows/{flow_id}/export', { params: at(id) }));
export const pictureOfFlow = (id: string): Promise<string> => body(api.GET('/v1/flows/{flow_id}/picture', { params: at(id), parseAs: 'text' }));
export const importFlows = (format: 'parley' | 'textit', document: Document, key: string) => body(api.POST('/v1/flows/import', { body: { format, document }, headers: once(key) }));

/** The templates of the providers, as far as a list of choices goes. */
export const templatesQuery = queryOptions({ queryKey: keys.providerTemplates, queryFn: () => body(api.GET('/v1/templates', { params: { query: { limit: 200 } } })), staleTime: 60_000 });

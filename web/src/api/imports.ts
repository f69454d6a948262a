/** Imports of contacts: reads as options for react-query, writes one function each. */
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import { api, body } from './client';
import { keys } from './keys';
import type { Import, ImportChange } from './types';

const LIST_PAGE = 50;
const ERRORS_PAGE = 100;

const at = (import_id: string) => ({ path: { import_id } });

/** The newest ones: the tray follows what runs. */
export const importsQuery = queryOptions({ queryKey: keys.imports, queryFn: () => body(api.GET('/v1/imports', { params: { query: { limit: LIST_PAGE } } })) });

/** All of them, page by page. */
export const importPagesQuery = infiniteQueryOptions({
  queryKey: keys.importPages,
  initialPageParam: null as string | null,
  queryFn: ({ pageParam, signal }) => body(api.GET('/v1/imports', { params: { query: { limit: LIST_PAGE, starting_after: pageParam ?? undefined } }, signal })),
  getNextPageParam: (page) => (page.has_more ? page.items.at(-1)?.id : undefined),
});

export const importQuery = (id: string) => queryOptions({ queryKey: keys.import(id), queryFn: () => body(api.GET('/v1/imports/{import_id}', { params: at(id) })) });

export const importErrorsQuery = (id: string) =>
  infiniteQueryOptions({
    queryKey: keys.importErrors(id),
    initialPageParam: 0,
    queryFn: ({ pageParam, signal }) => body(api.GET('/v1/imports/{import_id}/errors', { params: { ...at(id), query: { limit: ERRORS_PAGE, after_row: pageParam } }, signal })),
    getNextPageParam: (page) => (page.has_more ? page.items.at(-1)?.row : undefined),
  });

/** Contacts that an undo left as they are. */
export const importKeptQuery = (id: string) =>
  infiniteQueryOptions({
    queryKey: keys.importKept(id),
    initialPageParam: null as string | null,
    queryFn: ({ pageParam, signal }) => body(api.GET('/v1/imports/{import_id}/kept', { params: { ...at(id), query: { limit: LIST_PAGE, starting_after: pageParam ?? undefined } }, signal })),
    getNextPageParam: (page) => (page.has_more ? page.items.at(-1)?.contact_id : undefined),
  });

export const errorsUrl = (id: string): string => `/v1/imports/${id}/errors.csv`;

export const saveImport = (id: string, change: ImportChange): Promise<Import> => body(api.PATCH('/v1/imports/{import_id}', { params: at(id), body: change }));
export const checkImport = (id: string): Promise<Import> => body(api.POST('/v1/imports/{import_id}/check', { params: at(id) }));
export const runImport = (id: string): Promise<Import> => body(api.POST('/v1/imports/{import_id}/run', { params: at(id) }));
export const cancelImport = (id: string): Promise<Import> => body(api.POST('/v1/imports/{import_id}/cancel', { params: at(id) }));
export const undoImport = (id: string): Promise<Import> => body(api.POST('/v1/imports/{import_id}/undo', { params: at(id) }));
export const deleteImport = (id: string): Promise<unknown> => body(api.DELETE('/v1/imports/{import_id}', { params: at(id) }));
export const fixRow = (import_id: string, row_number: number, cells: Record<string, string>): Promise<Import> =>
  body(api.PUT('/v1/imports/{import_id}/rows/{row_number}', { params: { path: { import_id, row_number } }, body: { cells } }));

/** Imports and exports of contacts: reads and writes. */
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import { keys } from './keys';
import { call, type Import, type ImportError, type Kept } from './local';
import type { Page } from './types';

const LIST_PAGE = 50;
const ERRORS_PAGE = 100;

const at = (import_id: string) => ({ path: { import_id } });

export const importsQuery = queryOptions({ queryKey: keys.imports, queryFn: () => call<Page<Import>>('GET', '/v1/imports', { params: { query: { limit: LIST_PAGE } } }) });

/** All of them, page by page; the first page alone (above) follows what runs. */
export const importPagesQuery = infiniteQueryOptions({
  queryKey: keys.importPages,
  initialPageParam: null as string | null,
  queryFn: ({ pageParam, signal }) => call<Page<Import>>('GET', '/v1/imports', { params: { query: { limit: LIST_PAGE, starting_after: pageParam ?? undefined } }, signal }),
  getNextPageParam: (page) => (page.has_more ? page.items.at(-1)?.id : undefined),
});

export const importQuery = (import_id: string) =>
  queryOptions({ queryKey: keys.import(import_id), queryFn: () => call<Import>('GET', '/v1/imports/{import_id}', { params: at(import_id) }) });

export const importErrorsQuery = (import_id: string) =>
  infiniteQueryOptions({
    queryKey: keys.importErrors(import_id),
    initialPageParam: 0,
    queryFn: ({ pageParam, signal }) =>
      call<Page<ImportError> & { stored: number }>('GET', '/v1/imports/{import_id}/errors', { params: { ...at(import_id), query: { limit: ERRORS_PAGE, after_row: pageParam } }, signal }),
    getNextPageParam: (page) => (page.has_more ? page.items.at(-1)?.row : undefined),
  });

/** Contacts that an undo left as they are. */
export const importKeptQuery = (import_id: string) =>
  infiniteQueryOptions({
    queryKey: keys.importKept(import_id),
    initialPageParam: null as string | null,
    queryFn: ({ pageParam, signal }) =>
      call<Page<Kept>>('GET', '/v1/imports/{import_id}/kept', { params: { ...at(import_id), query: { limit: LIST_PAGE, starting_after: pageParam ?? undefined } }, signal }),
    getNextPageParam: (page) => (page.has_more ? page.items.at(-1)?.contact_id : undefined),
  });

export const errorsUrl = (import_id: string): string => `/v1/imports/${import_id}/errors.csv`;

export const saveImport = (import_id: string, change: object): Promise<Import> => call('PATCH', '/v1/imports/{import_id}', { params: at(import_id), body: change });
export const checkImport = (import_id: string): Promise<Import> => call('POST', '/v1/imports/{import_id}/check', { params: at(import_id) });
export const runImport = (import_id: string): Promise<Import> => call('POST', '/v1/imports/{import_id}/run', { params: at(import_id) });
export const cancelImport = (import_id: string): Promise<Import> => call('POST', '/v1/imports/{import_id}/cancel', { params: at(import_id) });
export const undoImport = (import_id: string): Promise<Import> => call('POST', '/v1/imports/{import_id}/undo', { params: at(import_id) });
export const deleteImport = (import_id: string): Promise<void> => call('DELETE', '/v1/imports/{import_id}', { params: at(import_id) });
export const fixRow = (import_id: string, row_number: number, cells: Record<string, string>): Promise<void> =>
  call('PUT', '/v1/imports/{import_id}/rows/{row_number}', { params: { path: { import_id, row_number } }, body: { cells } });

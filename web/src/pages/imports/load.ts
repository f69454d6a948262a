/** What the pages of imports ask for before they are drawn. Apart from the router, so that the first page does not carry it. */
import type { QueryClient } from '@tanstack/react-query';
import { importPagesQuery, importQuery } from '../../api/imports';
import { can } from '../../api/permissions';
import type { Me } from '../../api/types';
import { loadArea } from '../../i18n';

export async function loadImports(client: QueryClient, me: Me): Promise<void> {
  if (can(me, 'importContacts')) void client.prefetchInfiniteQuery(importPagesQuery);
  await loadArea('imports');
}

export async function loadImport(client: QueryClient, me: Me, id: string): Promise<void> {
  if (can(me, 'importContacts') && id !== 'new') void client.prefetchQuery(importQuery(id));
  await loadArea('imports');
}

/** What the pages of segments ask for before they are drawn. Apart from the router, so that the first page does not carry it. */
import type { QueryClient } from '@tanstack/react-query';
import { can } from '../../api/permissions';
import { fieldsQuery, segmentQuery, segmentsQuery } from '../../api/segments';
import type { Me } from '../../api/types';
import { loadArea } from '../../i18n';
import type { SegmentsSearch } from './segmentsSearch';

const texts = (): Promise<void[]> => Promise.all([loadArea('segments'), loadArea('conditions')]);

export async function loadSegments(client: QueryClient, me: Me, { q = '', kind = '', archived = false }: SegmentsSearch): Promise<void> {
  if (can(me, 'readContacts')) void client.prefetchInfiniteQuery(segmentsQuery({ search: q, kind, archived }));
  await texts();
}

export async function loadSegment(client: QueryClient, me: Me, id: string): Promise<void> {
  if (can(me, 'readContacts')) {
    void client.prefetchQuery(fieldsQuery);
    if (id !== 'new') void client.prefetchQuery(segmentQuery(id));
  }
  await texts();
}

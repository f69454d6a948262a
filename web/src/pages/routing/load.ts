/** What the page of routing rules asks for before it is drawn. */
import type { QueryClient } from '@tanstack/react-query';
import { can } from '../../api/permissions';
import { routingFieldsQuery, rulesQuery, targetsQuery } from '../../api/routing';
import type { Me } from '../../api/types';
import { loadArea } from '../../i18n';

export async function loadRouting(client: QueryClient, me: Me): Promise<void> {
  if (can(me, 'readQueues')) for (const query of [rulesQuery, routingFieldsQuery, targetsQuery]) void client.prefetchQuery(query as typeof rulesQuery);
  await Promise.all([loadArea('routing'), loadArea('conditions')]);
}

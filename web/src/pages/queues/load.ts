/** What the pages of queues ask for before they are drawn. Apart from the router, so that the first page does not carry it. */
import type { QueryClient } from '@tanstack/react-query';
import { agentsQuery, queueQuery } from '../../api/desk';
import { can } from '../../api/permissions';
import { queuesQuery } from '../../api/queries';
import type { Me } from '../../api/types';
import { loadArea } from '../../i18n';

export async function loadQueues(client: QueryClient, me: Me): Promise<void> {
  if (can(me, 'readQueues')) {
    void client.prefetchQuery(queuesQuery);
    void client.prefetchQuery(agentsQuery);
  }
  await loadArea('queues');
}

export async function loadQueue(client: QueryClient, me: Me, id: string): Promise<void> {
  if (can(me, 'readQueues') && id !== 'new') void client.prefetchQuery(queueQuery(id));
  await loadArea('queues');
}

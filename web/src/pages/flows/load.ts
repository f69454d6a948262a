/** What the pages of flows need before they are drawn. Apart from the router, so that the first page does not carry it. */
import type { QueryClient } from '@tanstack/react-query';
import { flowFieldsQuery, flowNodesQuery, flowQuery, flowsQuery } from '../../api/flows';
import { can } from '../../api/permissions';
import type { Me } from '../../api/types';
import { loadArea } from '../../i18n';
import { settled } from './editor/saving';
import type { FlowsSearch } from './flowsSearch';

export async function loadFlows(client: QueryClient, me: Me, { q = '', archived = false }: FlowsSearch): Promise<void> {
  if (can(me, 'readCampaigns')) void client.prefetchInfiniteQuery(flowsQuery({ search: q, archived }));
  await loadArea('flows');
}

export async function loadFlow(client: QueryClient, me: Me, id: string): Promise<void> {
  if (can(me, 'readCampaigns')) {
    void client.prefetchQuery(flowQuery(id));
    void client.prefetchQuery(flowFieldsQuery);
    await Promise.all([client.ensureQueryData(flowNodesQuery), settled(id)]);
  }
  await Promise.all([loadArea('flows'), loadArea('conditions')]);
}

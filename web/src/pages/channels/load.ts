/** What the pages of channels ask for before they are drawn. Apart from the router, so that the first page does not carry it. */
import type { QueryClient } from '@tanstack/react-query';
import { accountsQuery } from '../../api/channels';
import { can } from '../../api/permissions';
import type { Me } from '../../api/types';
import { loadArea } from '../../i18n';

export async function loadChannels(client: QueryClient, me: Me): Promise<void> {
  if (can(me, 'manageChannels')) void client.prefetchQuery(accountsQuery);
  await Promise.all([loadArea('channels'), loadArea('inbox')]);
}

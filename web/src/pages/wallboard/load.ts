/** What the wallboard asks for before it is drawn. Apart from the router, so that the first page does not carry it. */
import type { QueryClient } from '@tanstack/react-query';
import { can } from '../../api/permissions';
import { wallboardQuery } from '../../api/supervision';
import type { Me } from '../../api/types';
import { loadArea } from '../../i18n';

export async function loadWallboard(client: QueryClient, me: Me): Promise<void> {
  if (can(me, 'readReports')) void client.prefetchQuery(wallboardQuery);
  await Promise.all([loadArea('wallboard'), loadArea('channels')]);
}

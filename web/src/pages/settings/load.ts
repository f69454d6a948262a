/** What the pages of settings ask for before they are drawn. Apart from the router, so that the first page does not carry it. */
import type { QueryClient } from '@tanstack/react-query';
import { can } from '../../api/permissions';
import { policyQuery } from '../../api/policy';
import { repliesQuery } from '../../api/replies';
import { wrapUpsQuery } from '../../api/wrapUps';
import type { Me } from '../../api/types';
import { endpointsQuery } from '../../api/webhooks';
import { loadArea } from '../../i18n';

export async function loadWebhooks(client: QueryClient, me: Me): Promise<void> {
  if (can(me, 'manageWebhooks')) void client.prefetchQuery(endpointsQuery);
  await Promise.all([loadArea('settings'), loadArea('channels')]);
}

export async function loadReplies(client: QueryClient, me: Me): Promise<void> {
  if (can(me, 'manageInbox')) void client.prefetchQuery(repliesQuery);
  await Promise.all([loadArea('settings'), loadArea('channels')]);
}

export async function loadWrapUps(client: QueryClient, me: Me): Promise<void> {
  if (can(me, 'manageInbox')) void client.prefetchQuery(wrapUpsQuery);
  await Promise.all([loadArea('settings'), loadArea('channels')]);
}

export async function loadPolicy(client: QueryClient, me: Me): Promise<void> {
  if (can(me, 'readChannels')) void client.prefetchQuery(policyQuery);
  await Promise.all([loadArea('settings'), loadArea('channels')]);
}

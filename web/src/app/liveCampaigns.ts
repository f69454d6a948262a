import type { QueryClient } from '@tanstack/react-query';
import { keys } from '../api/keys';
import type { Campaign, Page } from '../api/types';

export function putCampaign(client: QueryClient, campaign: Campaign): void {
  client.setQueryData<Page<Campaign>>(keys.campaigns, (page) => {
    if (!page) return page;
    const known = page.items.some((row) => row.id === campaign.id);
    return { ...page, items: known ? page.items.map((row) => (row.id === campaign.id ? campaign : row)) : [campaign, ...page.items] };
  });
}

/** Search over the messages of all conversations. */
import { infiniteQueryOptions } from '@tanstack/react-query';
import { api, body } from './client';
import { keys } from './keys';
import type { components } from './schema';

export type FoundMessage = Omit<components['schemas']['FoundMessage'], 'marks'> & { marks: number[][] };
export interface SearchFilter { channel?: 'sms' | 'whatsapp' | 'rcs' | 'voice' | undefined; direction?: 'in' | 'out' | undefined; days?: number | undefined }

const PAGE = 20;
const DAY_MS = 86_400_000;

const since = (days: number | undefined): string | undefined => (days ? new Date(Math.floor(Date.now() / DAY_MS) * DAY_MS - (days - 1) * DAY_MS).toISOString() : undefined);

export const searchQuery = (q: string, { channel, direction, days }: SearchFilter) =>
  infiniteQueryOptions({
    queryKey: keys.search(q, { channel, direction, days }),
    queryFn: ({ pageParam, signal }) => body(api.GET('/v1/search/messages', {
      params: { query: { q, channel, direction, since: since(days), limit: PAGE, starting_after: pageParam ?? undefined } }, signal,
    })),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => (page.has_more ? page.items.at(-1)?.message_id : undefined),
    staleTime: 10_000,
  });

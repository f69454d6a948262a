/** Reads, as options for react-query. */
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import type { Message, Page, User } from './types';
import { api, body, setCsrfToken } from './client';
import { keys, type ListParams } from './keys';

const LIST_PAGE = 50;
const THREAD_PAGE = 50;
/** Whoever goes back in a thread goes far: a thread of 10,000 messages is 50 of these. */
const OLDER_PAGE = 200;

/** A view of the inbox is a named one or the id of a queue (`que_…`). */
export const isQueue = (view: string): boolean => view.startsWith('que_');

export const meQuery = queryOptions({
  queryKey: keys.me,
  queryFn: async () => {
    const me = await body(api.GET('/v1/me'));
    setCsrfToken(me.csrf_token ?? null);
    return me;
  },
  staleTime: Infinity,
});

export const brandingQuery = queryOptions({ queryKey: keys.branding, queryFn: () => body(api.GET('/v1/branding')), staleTime: Infinity });
export const homeQuery = queryOptions({ queryKey: keys.home, queryFn: () => body(api.GET('/v1/home')) });
export const campaignsQuery = queryOptions({ queryKey: keys.campaigns, queryFn: () => body(api.GET('/v1/campaigns', { params: { query: { limit: 50 } } })) });
export const walletQuery = queryOptions({ queryKey: keys.wallet, queryFn: () => body(api.GET('/v1/wallet')) });
export const queuesQuery = queryOptions({ queryKey: keys.queues, queryFn: () => body(api.GET('/v1/queues', { params: { query: { own: true } } })), staleTime: 60_000 });
export const channelsQuery = queryOptions({ queryKey: keys.channels, queryFn: () => body(api.GET('/v1/channels')), staleTime: 60_000 });

const USERS_PAGE = 200;

async function everybody(signal: AbortSignal): Promise<Page<User>> {
  const found: User[] = [];
  for (;;) {
    const page = await body(api.GET('/v1/users', { params: { query: { limit: USERS_PAGE, starting_after: found.at(-1)?.id } }, signal }));
    found.push(...page.items);
    if (!page.has_more) return { items: found, has_more: false };
  }
}

/** All people of the tenant, by name: names are looked up in them. */
export const usersQuery = queryOptions({ queryKey: keys.users, queryFn: ({ signal }) => everybody(signal), staleTime: 60_000 });
export const countsQuery = queryOptions({ queryKey: keys.counts, queryFn: () => body(api.GET('/v1/conversations/counts')) });

export const contactQuery = (id: string) =>
  queryOptions({ queryKey: keys.contact(id), queryFn: () => body(api.GET('/v1/contacts/{contact_id}', { params: { path: { contact_id: id } } })), staleTime: 30_000 });

export const conversationQuery = (id: string) =>
  queryOptions({
    queryKey: keys.conversation(id),
    queryFn: () => body(api.GET('/v1/conversations/{conversation_id}', { params: { path: { conversation_id: id } } })),
  });

export const listQuery = (params: ListParams) =>
  infiniteQueryOptions({
    queryKey: keys.list(params),
    initialPageParam: null as string | null,
    queryFn: ({ pageParam, signal }) =>
      body(
        api.GET('/v1/conversations', {
          params: {
            query: {
              view: isQueue(params.view) ? 'open' : (params.view as 'open'),
              queue_id: isQueue(params.view) ? params.view : undefined,
              tag: params.search.startsWith('#') ? params.search.slice(1) : undefined,
              search: params.search.startsWith('#') ? undefined : params.search || undefined,
              limit: LIST_PAGE,
              starting_after: pageParam ?? undefined,
            },
          },
          signal,
        }),
      ),
    getNextPageParam: (page) => (page.has_more ? page.items.at(-1)?.id : undefined),
  });

export const newestPage = (id: string, ending_before?: string, signal?: AbortSignal): Promise<Page<Message>> =>
  body(api.GET('/v1/conversations/{conversation_id}/messages', { params: { path: { conversation_id: id }, query: { limit: ending_before ? OLDER_PAGE : THREAD_PAGE, ending_before } }, signal: signal ?? null }));

/** Pages of a thread; the first page is the newest, further pages are older. */
export const messagesQuery = (id: string) =>
  infiniteQueryOptions({
    queryKey: keys.messages(id),
    initialPageParam: null as string | null,
    queryFn: ({ pageParam, signal }) => newestPage(id, pageParam ?? undefined, signal),
    getNextPageParam: (page) => (page.has_more ? page.items[0]?.id : undefined),
  });

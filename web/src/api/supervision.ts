/** What supervisors see and do: the wallboard, reports, passing conversations on by the hundred. */
import { queryOptions, type QueryClient } from '@tanstack/react-query';
import { api, body } from './client';
import { keys } from './keys';
import type { Conversation, Report } from './types';

const BOARD_MS = 5_000;
const PAGE = 200;
export const MOVED_MAX = 500;

/** Events of the stream ask again at once; the interval is for what no event tells: waits that grow, a new day. */
export const wallboardQuery = queryOptions({ queryKey: keys.wallboard, queryFn: () => body(api.GET('/v1/wallboard')), refetchInterval: BOARD_MS, refetchIntervalInBackground: true });

export interface ReportSpan { from: string; to: string; interval: 'hour' | 'day' }
export type ReportOf = 'queues' | 'agents' | 'me';

// Of both kinds that a report may be answered in, `format` not being asked for, it is JSON.
const ask = async (of: ReportOf, query: ReportSpan): Promise<Report> => {
  if (of === 'queues') return body(api.GET('/v1/reports/queues', { params: { query } })) as Promise<Report>;
  if (of === 'agents') return body(api.GET('/v1/reports/agents', { params: { query } })) as Promise<Report>;
  return { ...(await body(api.GET('/v1/me/report', { params: { query } }))), items: [] };
};
export const reportQuery = (of: ReportOf, span: ReportSpan) => queryOptions({ queryKey: keys.report(of, span), queryFn: () => ask(of, span) });
export const reportFile = (of: 'queues' | 'agents', span: ReportSpan): string => `/v1/reports/${of}?${new URLSearchParams({ ...span, format: 'csv' }).toString()}`;

export interface Holder { kind: 'queue' | 'agent'; id: string; name: string }

/** The open conversations of a queue or an agent, as many as can be passed on at once. */
export const heldQuery = (holder: Holder) =>
  queryOptions({
    queryKey: keys.held(holder.kind, holder.id),
    queryFn: async () => {
      const found: Conversation[] = [];
      for (;;) {
        const whose = holder.kind === 'queue' ? { queue_id: holder.id } : { assignee_id: holder.id };
        const page = await body(api.GET('/v1/conversations', { params: { query: { view: 'open', limit: PAGE, starting_after: found.at(-1)?.id, ...whose } } }));
        found.push(...page.items);
        if (!page.has_more || found.length >= MOVED_MAX) return found.slice(0, MOVED_MAX);
      }
    },
    gcTime: 0,
  });

export const reassign = (conversation_ids: string[], to: Holder) =>
  body(api.POST('/v1/conversations/reassign', { body: { conversation_ids, note: '', ...(to.kind === 'queue' ? { queue_id: to.id } : { assignee_id: to.id }) } }));

/**
 * Puts back what was passed on to `from`: to the queue where it was, and to whoever had it. What has gone elsewhere since
 * stays there. Returns how many came back.
 */
export async function takeBack(client: QueryClient, before: Conversation[], from: Holder): Promise<number> {
  const there = new Set((await client.fetchQuery({ ...heldQuery(from), staleTime: 0 })).map((row) => row.id));
  const rows = before.filter((row) => there.has(row.id));
  const put = async (kind: Holder['kind'], moved: Conversation[]): Promise<void> => {
    const groups = new Map<string, string[]>();
    for (const row of moved) {
      const id = (kind === 'queue' ? row.queue : row.assignee)?.id;
      if (id) groups.set(id, [...(groups.get(id) ?? []), row.id]);
    }
    for (const [id, ids] of groups) await reassign(ids, { kind, id, name: '' });
  };
  // Whoever gives one to a person leaves it in its queue.
  await put('queue', from.kind === 'queue' ? rows : rows.filter((row) => !row.assignee));
  await put('agent', rows);
  return rows.length;
}

export const takeOver = (conversation_id: string, assignee_id: string): Promise<Conversation> =>
  body(api.POST('/v1/conversations/{conversation_id}/assign', { params: { path: { conversation_id } }, body: { assignee_id } }));

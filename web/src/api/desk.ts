/** The desk: presence, offers, what an agent puts off, queues and agents. */
import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { api, body } from './client';
import { keys } from './keys';
import type { components } from './schema';
import type { Agent, Conversation, Presence, Queue, QueueChange, QueueSettings } from './types';

const at = (conversation_id: string) => ({ path: { conversation_id } });
const STATS_MS = 15_000;

export const presenceQuery = queryOptions({ queryKey: keys.presence, queryFn: () => body(api.GET('/v1/me/presence')) });
export const agentsQuery = queryOptions({ queryKey: keys.agents, queryFn: () => body(api.GET('/v1/agents')) });
export const skillsQuery = queryOptions({ queryKey: keys.skills, queryFn: () => body(api.GET('/v1/skills')) });
export const archivedQueuesQuery = queryOptions({ queryKey: keys.archivedQueues, queryFn: () => body(api.GET('/v1/queues', { params: { query: { archived: true, own: true } } })) });
export const queueQuery = (queue_id: string) => queryOptions({ queryKey: keys.queue(queue_id), queryFn: () => body(api.GET('/v1/queues/{queue_id}', { params: { path: { queue_id } } })) });
export const queueStatsQuery = (queue_id: string) =>
  queryOptions({
    queryKey: keys.queueStats(queue_id),
    queryFn: () => body(api.GET('/v1/queues/{queue_id}/stats', { params: { path: { queue_id } } })),
    refetchInterval: STATS_MS,
  });

export type QueueDefaults = components['schemas']['QueueDefaultsOut'];
export type DefaultPart = 'hours' | 'holidays' | 'service_levels';
export const queueDefaultsQuery = queryOptions({ queryKey: keys.queueDefaults, queryFn: () => body(api.GET('/v1/queue-defaults')), staleTime: 60_000 });
export const putQueueDefaults = (version: number, change: components['schemas']['QueueDefaultsIn']): Promise<QueueDefaults> =>
  body(api.PUT('/v1/queue-defaults', { params: { header: { 'If-Match': `"${version}"` } }, body: change }));

export const putPresence = (status: Presence): Promise<{ status: Presence }> => body(api.PUT('/v1/me/presence', { body: { status } }));
export const accept = (id: string): Promise<Conversation> => body(api.POST('/v1/conversations/{conversation_id}/accept', { params: at(id), body: {} }));
export const decline = (id: string): Promise<Conversation> => body(api.POST('/v1/conversations/{conversation_id}/decline', { params: at(id), body: {} }));
export const snooze = (id: string, until: string): Promise<Conversation> => body(api.POST('/v1/conversations/{conversation_id}/snooze', { params: at(id), body: { until } }));
export const waitForContact = (id: string): Promise<Conversation> => body(api.POST('/v1/conversations/{conversation_id}/wait', { params: at(id) }));
/** What each channel lets through to the person now. `last`: when something last came or went, after which it may be otherwise. */
export const waysQuery = (id: string, last: string | null) =>
  queryOptions({ queryKey: keys.ways(id, last), queryFn: () => body(api.GET('/v1/conversations/{conversation_id}/channels', { params: at(id) })), staleTime: 60_000, placeholderData: keepPreviousData });
export const flowsToPassIntoQuery = queryOptions({ queryKey: keys.flowsToPassInto, queryFn: () => body(api.GET('/v1/conversations/flows')), staleTime: 60_000 });
export const handBack = (id: string, outcome: string): Promise<Conversation> => body(api.POST('/v1/conversations/{conversation_id}/hand-back', { params: at(id), body: { outcome } }));
export const setPriority = (id: string, priority: number): Promise<Conversation> => body(api.POST('/v1/conversations/{conversation_id}/priority', { params: at(id), body: { priority } }));

export const tagConversation = (id: string, add: string[], remove: string[]): Promise<Conversation> =>
  body(api.POST('/v1/conversations/{conversation_id}/tags', { params: at(id), body: { add, remove } }));
export const conversationTagsQuery = queryOptions({ queryKey: keys.conversationTags, queryFn: () => body(api.GET('/v1/conversations/tags')), staleTime: 30_000 });

export const createQueue = (name: string, settings: QueueSettings, member_ids: string[]): Promise<Queue> => body(api.POST('/v1/queues', { body: { name, settings, member_ids } }));
export const changeQueue = (queue: Queue, change: QueueChange): Promise<Queue> =>
  body(api.PATCH('/v1/queues/{queue_id}', { params: { path: { queue_id: queue.id }, header: { 'If-Match': `"${queue.version}"` } }, body: change }));
export const restoreQueue = (queue: Queue): Promise<Queue> => changeQueue(queue, { archived: false });
export const archiveQueue = (queue_id: string): Promise<unknown> => body(api.DELETE('/v1/queues/{queue_id}', { params: { path: { queue_id } } }));
export const putAgent = (agent: Agent, change: Pick<Agent, 'capacity' | 'skills' | 'weights'>): Promise<Agent> =>
  body(api.PUT('/v1/agents/{agent_id}', { params: { path: { agent_id: agent.id }, header: { 'If-Match': `"${agent.version}"` } }, body: change }));
export const createAgent = (name: string, capacity: number): Promise<Agent> => body(api.POST('/v1/agents', { body: { name, capacity } }));

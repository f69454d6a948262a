/** Flows at work and beside each other. */
import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query';
import { api, body } from './client';
import { keys } from './keys';
import type { components } from './schema';

type Schemas = components['schemas'];
export type FlowFigures = Schemas['FlowFigures'];
export type NodeFigures = Schemas['FlowNodeFigures'];
export type WayFigures = Schemas['FlowWayFigures'];
export type FlowDifference = Schemas['FlowDifference'];
export type NodeChange = Schemas['FlowNodeChange'];

const DAY_MS = 86_400_000;
const LIVE_MS = 15_000;
const INSIDE_MS = 5_000;
const INSIDE_PAGE = 20;

/** Figures of a version, since so many days or ever; asked again when the stream tells that the flow moved, and now and then. */
export const figuresQuery = (flow_id: string, version: number, days: number | null) =>
  queryOptions({
    queryKey: keys.flowFigures(flow_id, version, days),
    queryFn: ({ signal }) => body(api.GET('/v1/flows/{flow_id}/live', {
      params: { path: { flow_id }, query: { version, ...(days !== null && { since: new Date(Date.now() - days * DAY_MS).toISOString() }) } }, signal,
    })),
    refetchInterval: LIVE_MS,
    placeholderData: keepPreviousData,
  });

/** A version's number, or `draft` with the number that the draft is saved under. */
export type Which = { version: number } | { draft: number };
const named = (which: Which): string => ('version' in which ? String(which.version) : 'draft');

export const differenceQuery = (flow_id: string, from: Which, to: Which) =>
  queryOptions({
    queryKey: keys.flowDifference(flow_id, from, to),
    queryFn: ({ signal }) => body(api.GET('/v1/flows/{flow_id}/diff', { params: { path: { flow_id }, query: { from: named(from), to: named(to) } }, signal })),
    placeholderData: keepPreviousData,
  });

export type Replayed = Schemas['FlowReplayed'];
export type ReplayedSession = Schemas['FlowReplayedSession'];
/** The newest real sessions of the last week on the draft as it is saved. */
export const replayFlow = (flow_id: string, days: number): Promise<Replayed> => body(api.POST('/v1/flows/{flow_id}/replay', { params: { path: { flow_id } }, body: { days, limit: 200 } }));

export type FlowSession = Schemas['FlowSession'];
/** Who stands in a flow now, or at one step of it, the newest first. */
export const insideQuery = (flow_id: string, status: 'stuck' | 'waiting', node: string | null) =>
  infiniteQueryOptions({
    queryKey: [...keys.flowInside(flow_id), status, node],
    initialPageParam: null as string | null,
    queryFn: ({ pageParam, signal }) => body(api.GET('/v1/flows/{flow_id}/sessions', { params: { path: { flow_id }, query: { status, ...(node !== null && { node }), limit: INSIDE_PAGE, starting_after: pageParam ?? undefined } }, signal })),
    refetchInterval: INSIDE_MS,
    getNextPageParam: (page) => (page.has_more ? page.items.at(-1)?.id : undefined),
  });
/** Of one session: what it knows, what it waits for, its way, its goals. */
export const sessionQuery = (session_id: string) =>
  queryOptions({
    queryKey: keys.flowSession(session_id),
    queryFn: ({ signal }) => body(api.GET('/v1/flow-sessions/{session_id}', { params: { path: { session_id } }, signal })),
    refetchInterval: INSIDE_MS,
  });
/** Run a stuck session again, at its own step or at the step that is named. */
export const resumeSession = (session_id: string, node: string) => body(api.POST('/v1/flow-sessions/{session_id}/resume', { params: { path: { session_id } }, body: { node } }));
export const exitSession = (session_id: string) => body(api.POST('/v1/flow-sessions/{session_id}/exit', { params: { path: { session_id } }, body: { reason: 'ended by hand' } }));

/** Everybody who is stuck in whichever flow, the newest first, and how many in each. */
export const stuckQuery = infiniteQueryOptions({
  queryKey: keys.flowStuck,
  initialPageParam: null as string | null,
  queryFn: ({ pageParam, signal }) => body(api.GET('/v1/flow-sessions/stuck', { params: { query: { limit: INSIDE_PAGE, starting_after: pageParam ?? undefined } }, signal })),
  refetchInterval: LIVE_MS,
  getNextPageParam: (page) => (page.has_more ? page.items.at(-1)?.id : undefined),
});

/** What the published flow waits for, and when its schedules fire next. */
export const triggersQuery = (flow_id: string) => queryOptions({ queryKey: keys.flowTriggers(flow_id), queryFn: ({ signal }) => body(api.GET('/v1/flows/{flow_id}/triggers', { params: { path: { flow_id } }, signal })), refetchInterval: LIVE_MS });

/** Publishing a flow: what stands in the way, who is inside meanwhile, and what becomes of them. */
import { queryOptions } from '@tanstack/react-query';
import { api, body } from './client';
import { keys } from './keys';
import type { components } from './schema';

type Schemas = components['schemas'];
export type InFlight = Schemas['InFlight'];
export type InFlightWish = Schemas['InFlightIn'];

const at = (flow_id: string) => ({ path: { flow_id } });

/** Who is inside of a flow now, by version and node. */
export const inFlightQuery = (flow_id: string) =>
  queryOptions({ queryKey: keys.flowInFlight(flow_id), queryFn: ({ signal }) => body(api.GET('/v1/flows/{flow_id}/in-flight', { params: at(flow_id), signal })), staleTime: 0, gcTime: 0 });
export const tryPublish = (id: string) => body(api.POST('/v1/flows/{flow_id}/publish', { params: { ...at(id), query: { dry_run: true } }, body: { note: '' } }));
export const publishFlow = (id: string, note: string, in_flight: InFlightWish, key: string) => body(api.POST('/v1/flows/{flow_id}/publish', { params: at(id), body: { note, in_flight }, headers: { 'Idempotency-Key': key } }));

/** Outgoing webhooks: what is read, and what is written. */
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import { api, body } from './client';
import { keys } from './keys';
import type { components } from './schema';

export type WebhookEndpoint = components['schemas']['WebhookEndpoint'];
export type WebhookDelivery = components['schemas']['WebhookDelivery'];
export type WebhookDeliveryDetail = components['schemas']['WebhookDeliveryDetail'];
export type EndpointInput = components['schemas']['NewWebhookEndpoint'];
export type EndpointChange = components['schemas']['ChangeWebhookEndpoint'];
export type WebhookEvent = EndpointInput['events'][number];
export type DeliveryState = WebhookDelivery['state'];

export const WEBHOOK_EVENTS: readonly WebhookEvent[] = [
  'conversation.opened', 'conversation.assigned', 'conversation.transferred', 'conversation.closed', 'conversation.reopened', 'conversation.rated', 'conversation.breached',
  'message.received', 'message.delivered', 'message.failed',
  'call.arrived', 'call.answered', 'call.ended',
];
const LOG_MS = 5_000;
const PAGE = 25;

export const endpointsQuery = queryOptions({
  queryKey: keys.webhooks,
  queryFn: () => body(api.GET('/v1/webhook-endpoints')),
  refetchInterval: LOG_MS,
});

/** The log of an endpoint, newest first; looked at again while it is open. */
export const deliveriesQuery = (endpoint_id: string, state: DeliveryState | '') =>
  infiniteQueryOptions({
    queryKey: keys.webhookLog(endpoint_id, state),
    queryFn: ({ pageParam }) => body(api.GET('/v1/webhook-endpoints/{endpoint_id}/deliveries', {
      params: { path: { endpoint_id }, query: { limit: PAGE, ...(state && { state }), ...(pageParam && { starting_after: pageParam }) } },
    })),
    initialPageParam: '',
    getNextPageParam: (last) => (last.has_more ? last.items.at(-1)?.id : undefined),
    refetchInterval: LOG_MS,
  });

export const deliveryQuery = (endpoint_id: string, delivery_id: string) =>
  queryOptions({
    queryKey: keys.webhookDelivery(delivery_id),
    queryFn: (): Promise<WebhookDeliveryDetail> => body(api.GET('/v1/webhook-endpoints/{endpoint_id}/deliveries/{delivery_id}', { params: { path: { endpoint_id, delivery_id } } })),
  });

const at = (endpoint_id: string) => ({ path: { endpoint_id } });
const seen = (row: WebhookEndpoint) => ({ ...at(row.id), header: { 'If-Match': `"${row.version}"` } });

export const createEndpoint = (input: EndpointInput): Promise<WebhookEndpoint> => body(api.POST('/v1/webhook-endpoints', { body: input }));
export const changeEndpoint = (row: WebhookEndpoint, change: EndpointChange): Promise<WebhookEndpoint> =>
  body(api.PATCH('/v1/webhook-endpoints/{endpoint_id}', { params: seen(row), body: change }));
export const deleteEndpoint = (row: WebhookEndpoint): Promise<unknown> => body(api.DELETE('/v1/webhook-endpoints/{endpoint_id}', { params: seen(row) }));
export const rotateSecret = (row: WebhookEndpoint): Promise<WebhookEndpoint> =>
  body(api.POST('/v1/webhook-endpoints/{endpoint_id}/rotate-secret', { params: at(row.id), body: {} }));
export const testEndpoint = (row: WebhookEndpoint): Promise<WebhookDelivery> => body(api.POST('/v1/webhook-endpoints/{endpoint_id}/test', { params: at(row.id) }));
export const replayFailed = (row: WebhookEndpoint, since: string): Promise<{ deliveries: number }> =>
  body(api.POST('/v1/webhook-endpoints/{endpoint_id}/replay', { params: at(row.id), body: { since } }));
export const replayDelivery = (endpoint_id: string, delivery_id: string): Promise<WebhookDelivery> =>
  body(api.POST('/v1/webhook-endpoints/{endpoint_id}/deliveries/{delivery_id}/replay', { params: { path: { endpoint_id, delivery_id } } }));

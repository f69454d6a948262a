/** Routing rules: reads as options for react-query, writes one function each. */
import { queryOptions } from '@tanstack/react-query';
import { api, body } from './client';
import { keys } from './keys';
import type { BackTested, RoutingBody, RoutingRules, RoutingTested, RoutingTrial } from './types';

export const rulesQuery = queryOptions({ queryKey: keys.routingRules, queryFn: () => body(api.GET('/v1/routing-rules')) });
export const routingFieldsQuery = queryOptions({ queryKey: keys.routingFields, queryFn: () => body(api.GET('/v1/routing-rules/fields')), staleTime: 60_000 });
export const targetsQuery = queryOptions({ queryKey: keys.routingTargets, queryFn: () => body(api.GET('/v1/routing-rules/targets')), staleTime: 60_000 });
export const rulesVersionsQuery = queryOptions({ queryKey: keys.routingVersions, queryFn: () => body(api.GET('/v1/routing-rules/versions')) });

const over = (version: number) => ({ header: { 'If-Match': `"${version}"` } });

/** Saves over the version that was read; 412 when somebody saved since. */
export const saveRules = (version: number, rules: RoutingBody): Promise<RoutingRules> => body(api.PUT('/v1/routing-rules', { params: over(version), body: rules }));
export const restoreRules = (current: number, version: number): Promise<RoutingRules> => body(api.POST('/v1/routing-rules/restore', { params: over(current), body: { version } }));
export const tryMessage = (trial: RoutingTrial): Promise<RoutingTested> => body(api.POST('/v1/routing-rules/test', { body: trial }));
export const backTest = (draft: RoutingBody): Promise<BackTested> => body(api.POST('/v1/routing-rules/back-test', { body: draft }));

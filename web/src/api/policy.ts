/** The tenant's messaging policy. It is set as a whole, so what a page does not show goes back as it came. */
import { queryOptions } from '@tanstack/react-query';
import { api, body } from './client';
import { keys } from './keys';
import type { components } from './schema';

export type Policy = components['schemas']['PolicyOut'];
export type PolicyParts = Policy['own'];
/** More messages a minute of one contact than this are a flood where nobody says otherwise. */
export const FLOOD_PER_MINUTE = 30;

export const policyQuery = queryOptions({ queryKey: keys.policy, queryFn: (): Promise<Policy> => body(api.GET('/v1/messaging-policy')) });

/** Sets some parts; null: as the workspace above has it. Refused where somebody has changed the policy since. */
export const putPolicy = (seen: Policy, parts: Partial<Pick<PolicyParts, 'flood' | 'caps'>>): Promise<Policy> =>
  body(api.PUT('/v1/messaging-policy', { params: { header: { 'If-Match': `"${seen.version}"` } }, body: { ...seen.own, ...parts } as components['schemas']['PolicyIn'] }));

/** The tenant's wrap-up codes. */
import { queryOptions } from '@tanstack/react-query';
import { api, body } from './client';
import { keys } from './keys';
import type { components } from './schema';

export type WrapUps = components['schemas']['WrapUpsOut'];

export const wrapUpsQuery = queryOptions({ queryKey: keys.wrapUps, queryFn: () => body(api.GET('/v1/wrap-up-codes')), staleTime: 60_000 });
export const putWrapUps = (seen: WrapUps, codes: string[], required: boolean): Promise<WrapUps> =>
  body(api.PUT('/v1/wrap-up-codes', { params: { header: { 'If-Match': `"${seen.version}"` } }, body: { codes, required } }));

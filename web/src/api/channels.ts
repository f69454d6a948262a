/** Provider accounts and channels: what is read, and what is written. */
import { queryOptions } from '@tanstack/react-query';
import { api, body, idempotencyKey } from './client';
import { keys } from './keys';
import type { Channel, ChannelTestResult, Check, NewAccount, AccountChange, ProviderAccount, WholeMessage } from './types';
import type { components } from './schema';

const HEALTH_MS = 15_000;

export const accountsQuery = queryOptions({
  queryKey: keys.accounts,
  queryFn: () => body(api.GET('/v1/provider-accounts')),
  refetchInterval: HEALTH_MS,
});

export const channelHealthQuery = (channel_id: string) =>
  queryOptions({
    queryKey: keys.channelHealth(channel_id),
    queryFn: () => body(api.GET('/v1/channels/{channel_id}/health', { params: { path: { channel_id } } })),
    refetchInterval: HEALTH_MS,
  });

/** A message with every attempt that was made of it. */
export const messageQuery = (message_id: string) =>
  queryOptions({
    queryKey: keys.message(message_id),
    queryFn: (): Promise<WholeMessage> => body(api.GET('/v1/messages/{message_id}', { params: { path: { message_id } } })),
  });

/** A call with its duration, what the person pressed, and whether it was recorded. */
export const callQuery = (call_id: string) =>
  queryOptions({ queryKey: keys.call(call_id), queryFn: () => body(api.GET('/v1/calls/{call_id}', { params: { path: { call_id } } })) });

const at = (account_id: string) => ({ path: { account_id } });
const seen = (version: number) => ({ 'If-Match': `"${version}"` });

export const createAccount = (account: NewAccount): Promise<ProviderAccount> => body(api.POST('/v1/provider-accounts', { body: account }));
export const changeAccount = (account: ProviderAccount, change: AccountChange): Promise<ProviderAccount> =>
  body(api.PATCH('/v1/provider-accounts/{account_id}', { params: { ...at(account.id), header: seen(account.version) }, body: change }));
export const deleteAccount = (account: ProviderAccount): Promise<unknown> =>
  body(api.DELETE('/v1/provider-accounts/{account_id}', { params: { ...at(account.id), header: seen(account.version) } }));
export const checkAccount = (account_id: string): Promise<Check> => body(api.POST('/v1/provider-accounts/{account_id}/check', { params: at(account_id) }));

export const createChannel = (channel: components['schemas']['NewChannel']): Promise<Channel> => body(api.POST('/v1/channels', { body: channel }));
export const renameChannel = (channel: Channel, name: string): Promise<Channel> =>
  body(api.PATCH('/v1/channels/{channel_id}', { params: { path: { channel_id: channel.id }, header: seen(channel.version) }, body: { name } }));
export const deleteChannel = (channel: Channel): Promise<unknown> =>
  body(api.DELETE('/v1/channels/{channel_id}', { params: { path: { channel_id: channel.id }, header: seen(channel.version) } }));

/** Really sends a message. The same `key` sends once, however often it is tried. */
export const testSend = (channel_id: string, to: string, content: { text: string } | { content: components['schemas']['Template'] }, key: string = idempotencyKey()): Promise<ChannelTestResult> =>
  body(
    api.POST('/v1/channels/{channel_id}/test', {
      params: { path: { channel_id } },
      body: { mode: 'message', to, ...content },
      headers: { 'Idempotency-Key': key },
    }),
  );

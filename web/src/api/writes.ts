/** Writes, one function each. */
import { api, body, setCsrfToken } from './client';
import type { Campaign, Conversation, Me, Message, ReplyContent } from './types';

const at = (conversation_id: string) => ({ path: { conversation_id } });

export async function signIn(email: string, password: string): Promise<Me> {
  const me = await body(api.POST('/v1/sessions', { body: { email, password } }));
  setCsrfToken(me.csrf_token ?? null);
  return me;
}

export async function signOut(): Promise<void> {
  await body(api.DELETE('/v1/sessions/current'));
  setCsrfToken(null);
}

export async function switchTenant(tenant_id: string): Promise<Me> {
  const me = await body(api.POST('/v1/sessions/current/tenant', { body: { tenant_id } }));
  setCsrfToken(me.csrf_token ?? null);
  return me;
}

/** Sends a reply. The same `key` sends once, however often it is tried; one that `seen` does not allow is not sent (409). */
export interface ReplyWords { text: string; content?: ReplyContent }

export const sendMessage = (id: string, { text, content }: ReplyWords, channel_id: string | null, seen: string | null, key: string): Promise<Message> =>
  body(
    api.POST('/v1/conversations/{conversation_id}/messages', {
      params: at(id),
      body: { ...(content ? { content } : { text }), channel_id: channel_id ?? undefined, seen: seen ?? undefined },
      headers: { 'Idempotency-Key': key },
    }),
  );

export const assign = (id: string, assignee_id: string | null): Promise<Conversation> =>
  body(api.POST('/v1/conversations/{conversation_id}/assign', { params: at(id), body: { assignee_id } }));
/** Passes it on to a queue or a person, with words for whoever gets it. */
export const passOn = (id: string, to: { queue_id: string } | { assignee_id: string } | { flow_id: string }, note: string): Promise<Conversation> =>
  body(api.POST('/v1/conversations/{conversation_id}/transfer', { params: at(id), body: { ...to, note } }));
export const close = (id: string, wrap_up?: string): Promise<Conversation> => body(api.POST('/v1/conversations/{conversation_id}/close', { params: at(id), body: { wrap_up: wrap_up ?? null } }));
export const reopen = (id: string): Promise<Conversation> => body(api.POST('/v1/conversations/{conversation_id}/reopen', { params: at(id) }));
export const showViewing = (id: string): Promise<unknown> => api.POST('/v1/conversations/{conversation_id}/viewing', { params: at(id) });
export const showTyping = (id: string): Promise<unknown> => api.POST('/v1/conversations/{conversation_id}/typing', { params: at(id) });
export const markRead = (id: string): Promise<Conversation> => body(api.POST('/v1/conversations/{conversation_id}/read', { params: at(id) }));

export const pauseCampaign = (campaign_id: string): Promise<Campaign> =>
  body(api.POST('/v1/campaigns/{campaign_id}/pause', { params: { path: { campaign_id } } }));
export const resumeCampaign = (campaign_id: string): Promise<Campaign> =>
  body(api.POST('/v1/campaigns/{campaign_id}/resume', { params: { path: { campaign_id } } }));

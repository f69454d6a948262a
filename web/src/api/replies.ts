/** Saved replies and corrected intents: what is read, and what is written. */
import { queryOptions } from '@tanstack/react-query';
import { api, body } from './client';
import { keys } from './keys';
import type { components } from './schema';

export type SavedReply = components['schemas']['SavedReply'];
export type SuggestedReply = components['schemas']['SuggestedReply'];
export type ReplyInput = components['schemas']['NewSavedReply'];

const OFFERED = 20;

export const repliesQuery = queryOptions({ queryKey: keys.replies, queryFn: () => body(api.GET('/v1/saved-replies')) });

/** The replies for a conversation; `seen` is its last message, so that a new one asks again. */
export const suggestionsQuery = (conversation_id: string, search: string, seen: string) =>
  queryOptions({
    queryKey: keys.suggestions(conversation_id, search, seen),
    queryFn: ({ signal }) => body(api.GET('/v1/conversations/{conversation_id}/saved-replies', { params: { path: { conversation_id }, query: { search, limit: OFFERED } }, signal })),
    staleTime: 30_000,
  });

const at = (reply_id: string) => ({ path: { reply_id } });
const seenAs = (row: SavedReply) => ({ ...at(row.id), header: { 'If-Match': `"${row.version}"` } });

export const createReply = (input: ReplyInput): Promise<SavedReply> => body(api.POST('/v1/saved-replies', { body: input }));
export const changeReply = (row: SavedReply, change: Partial<ReplyInput>): Promise<SavedReply> => body(api.PATCH('/v1/saved-replies/{reply_id}', { params: seenAs(row), body: change }));
export const deleteReply = (row: SavedReply): Promise<unknown> => body(api.DELETE('/v1/saved-replies/{reply_id}', { params: seenAs(row) }));
export const countReply = (reply_id: string, conversation_id: string): Promise<unknown> =>
  body(api.POST('/v1/saved-replies/{reply_id}/uses', { params: at(reply_id), body: { conversation_id } }));

export const intentLabelsQuery = queryOptions({ queryKey: keys.intentLabels, queryFn: () => body(api.GET('/v1/intents/labels')), staleTime: 60_000 });
export const correctIntent = (message_id: string, intent: string): Promise<unknown> =>
  body(api.PUT('/v1/messages/{message_id}/intent', { params: { path: { message_id } }, body: { intent } }));
export const takeBackIntent = (message_id: string): Promise<unknown> => body(api.DELETE('/v1/messages/{message_id}/intent', { params: { path: { message_id } } }));

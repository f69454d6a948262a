/** Notes beside a thread, and who is named in them. */
import { queryOptions } from '@tanstack/react-query';
import { api, body } from './client';
import { keys } from './keys';
import type { components } from './schema';

export type Mention = components['schemas']['Mention'];

const NOTES_MAX = 200;
const KINDS = 'note,closed,rated,assigned,transferred,call';
const LISTED = 30;

/** The id of a conversation's contact. */
export const contactOf = (conversationId: string): string => conversationId.replace(/^cnv_/, 'con_');

/** The newest notes about a conversation's contact, and its closings, newest first. */
export const notesQuery = (conversationId: string) => {
  const contact_id = contactOf(conversationId);
  return queryOptions({
    queryKey: keys.timeline(contact_id, { kinds: KINDS, limit: NOTES_MAX }),
    queryFn: () => body(api.GET('/v1/contacts/{contact_id}/timeline', { params: { path: { contact_id }, query: { kinds: KINDS, limit: NOTES_MAX } } })),
  });
};

export const mentionsQuery = queryOptions({ queryKey: keys.mentions, queryFn: () => body(api.GET('/v1/me/mentions', { params: { query: { limit: LISTED } } })) });
export const readMention = (mention_id: string): Promise<unknown> => body(api.POST('/v1/me/mentions/{mention_id}/read', { params: { path: { mention_id } } }));
export const readMentions = (): Promise<unknown> => body(api.POST('/v1/me/mentions/read'));

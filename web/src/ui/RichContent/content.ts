/** What a message holds beside its text, as the screens read it: sent contents by the API's types, and what people send. */
import type { components } from '../../api/schema';

type Schemas = components['schemas'];
export type Suggestion = NonNullable<Schemas['Text']['suggestions']>[number];
export type CardBody = Schemas['CardBody'];

/** Contents that come in; those that go out are the API's own. */
export type Inbound =
  | { type: 'reply' | 'action'; id?: string; title: string; description?: string }
  | { type: 'form'; title: string; answers: string }
  | { type: 'contacts'; contacts: { name: string; phones: string[] }[] }
  | { type: 'unsupported'; kind: string };

export interface MediaContent { type: 'media'; media: Schemas['Media']['media']; media_id?: string | null; url?: string | null; caption?: string; filename?: string; mime_type?: string; suggestions?: Suggestion[] }
export interface ReactionContent { type: 'reaction'; emoji: string }
export interface CallContent { type: 'call'; steps?: { type: string; text?: string }[] }
export type RichContent =
  | Schemas['Text'] | MediaContent | Schemas['Choices'] | Schemas['Card'] | Schemas['Carousel'] | Schemas['Location'] | ReactionContent | Schemas['Template'] | CallContent | Inbound;

const KINDS = new Set<string>(['text', 'media', 'choices', 'card', 'carousel', 'location', 'reaction', 'template', 'call', 'reply', 'action', 'form', 'contacts', 'unsupported']);

/** The content of a message, or null for a plain text and for what this screen does not know. */
export function contentOf(content: Record<string, unknown> | null): RichContent | null {
  if (!content || typeof content.type !== 'string' || !KINDS.has(content.type)) return null;
  const plain = content.type === 'text' && !(Array.isArray(content.suggestions) && content.suggestions.length > 0);
  return plain ? null : (content as unknown as RichContent);
}

/** Answers of a WhatsApp form as label and value; an empty list for what is no object. */
export function answersOf(text: string): [string, string][] {
  try {
    const answers = JSON.parse(text) as unknown;
    if (typeof answers !== 'object' || answers === null || Array.isArray(answers)) return [];
    return Object.entries(answers).filter(([name]) => name !== 'flow_token').map(([name, value]) => [name.replaceAll('_', ' '), typeof value === 'string' ? value : JSON.stringify(value)]);
  } catch {
    return [];
  }
}

/** The host of an address of the web, or null. */
export function hostOf(url: string | null | undefined): string | null {
  try {
    const parsed = new URL(url ?? '');
    return parsed.protocol === 'https:' || parsed.protocol === 'http:' ? parsed.host : null;
  } catch {
    return null;
  }
}

/** A place on a map that anybody can open. */
export const mapUrl = (latitude: number, longitude: number): string => `https://www.openstreetmap.org/?mlat=${latitude}&mlon=${longitude}#map=16/${latitude}/${longitude}`;

/** An outbound call has the id of its message. */
export const callIdOf = (messageId: string): string => messageId.replace(/^msg_/, 'cal_');

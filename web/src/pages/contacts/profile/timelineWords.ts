/** What happened to a contact, as sentences. */
import type { TFunction } from 'i18next';
import type { Attribute, Scalar, TimelineEntry } from '../../../api/contactTypes';
import { formatMoney } from '../../../ui/Money';
import { languageName, valueWords } from '../words';

/** Groups of the filter, and the kinds of the API each stands for. */
export const GROUPS = {
  message: ['message'],
  note: ['note'],
  event: ['event'],
  change: ['attributes', 'tags', 'address', 'import', 'merge', 'unmerge'],
  consent: ['consent'],
  work: ['tagged', 'assigned', 'transferred', 'closed', 'reopened', 'rated', 'call'],
  flow: ['flow', 'campaign'],
} as const;
export type Group = keyof typeof GROUPS;

type Data = Record<string, unknown>;
const text = (value: unknown): string => (typeof value === 'string' ? value : '');
const texts = (value: unknown): string[] => (Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : []);
const list = (items: string[]): string => new Intl.ListFormat(document.documentElement.lang || 'en').format(items);
const quoted = (items: string[]): string => list(items.map((item) => `“${item}”`));

/** How long a message that was a call lasted, and where its recording is. */
export function callOf(data: Data): { length: string; recording: string } | null {
  const { call } = data;
  if (typeof call !== 'object' || call === null || !('duration_s' in call) || !('recording_url' in call)) return null;
  const seconds = typeof call.duration_s === 'number' ? call.duration_s : 0;
  return { length: seconds ? `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}` : '', recording: text(call.recording_url) };
}

function fieldWords(t: TFunction, field: string, attributes: Attribute[]): string {
  if (field === 'name' || field === 'language') return t(`contacts:column.${field}`);
  if (field === 'time_zone') return t('contacts:column.zone');
  const key = field.replace(/^attribute\./, '');
  return attributes.find((attribute) => attribute.key === key)?.label ?? key;
}

/** “City: Pune → Mumbai” for each field that changed. */
/** `before` or `after` is null where there was, or is, nothing. */
export function changesOf(t: TFunction, data: Data, attributes: Attribute[]): { name: string; before: string | null; after: string | null }[] {
  const shown = (field: string, value: unknown): string | null => {
    if (value === null || value === undefined || value === '') return null;
    if (field === 'language') return languageName(String(value));
    const type = attributes.find((attribute) => attribute.key === field.replace(/^attribute\./, ''))?.type;
    return valueWords(value as Scalar, type, { yes: t('contacts:value.yes'), no: t('contacts:value.no') });
  };
  return Object.entries((data.changes ?? {}) as Record<string, [unknown, unknown]>).map(([field, [before, after]]) => ({ name: fieldWords(t, field, attributes), before: shown(field, before), after: shown(field, after) }));
}

function tagWords(t: TFunction, data: Data): string {
  const [added, removed] = [texts(data.added), texts(data.removed)];
  if (added.length > 0 && removed.length > 0) return t('contacts:said.tagsBoth', { added: quoted(added), removed: quoted(removed) });
  return added.length > 0 ? t('contacts:said.tagged', { tags: quoted(added) }) : t('contacts:said.untagged', { tags: quoted(removed) });
}

function assignedWords(t: TFunction, { data, actor }: TimelineEntry): string {
  if (!data.assignee_id) return t('contacts:said.unassigned');
  if (data.assignee_id === actor?.id) return t('contacts:said.assignedSelf');
  return data.name ? t('contacts:said.assigned', { name: text(data.name) }) : t('contacts:said.assignedSomebody');
}

const words = (tags: unknown): string => (Array.isArray(tags) ? list(tags.map(text)) : '');

/** One sentence without its subject: “added the tag “vip””. */
export function sentence(t: TFunction, entry: TimelineEntry, attributes: Attribute[]): string {
  const { kind, data } = entry;
  const channel = t(`common:channel.${text(data.channel_kind)}`, text(data.channel_kind));
  switch (kind) {
    case 'attributes': return t('contacts:said.changed', { fields: list(changesOf(t, data, attributes).map(({ name }) => name)) });
    case 'tags': return tagWords(t, data);
    case 'tagged': {
      const [added, removed] = [words(data.added), words(data.removed)];
      return t(`contacts:said.conversation_${added && removed ? 'both' : added ? 'tagged' : 'untagged'}`, { added, removed });
    }
    case 'address': return t(`contacts:said.address_${text(data.action)}`, { address: text(data.address) });
    case 'consent': {
      const purpose = text(data.purpose);
      const who = entry.actor?.kind === 'contact' ? 'consent' : 'noted';
      return t(`contacts:said.${who}_${text(data.after)}${purpose === 'all' || purpose === '' ? '' : '_for'}`, { channel, purpose });
    }
    case 'merge': return t('contacts:said.merged', { name: text(data.loser_name) });
    case 'unmerge': return t('contacts:said.unmerged');
    case 'import': return t(`contacts:said.import_${text(data.action)}`, { file: text(data.file) });
    case 'assigned': return assignedWords(t, entry);
    case 'transferred': return t('contacts:said.transferred', { queue: text(data.queue) });
    case 'closed': return data.wrap_up ? t('contacts:said.closedAs', { code: text(data.wrap_up) }) : t('contacts:said.closed');
    case 'rated': return t('contacts:said.rated', { score: Number(data.score) });
    case 'call': return t(`contacts:said.call_${text(data.did)}`, { to: text(data.to), seconds: Number(data.seconds ?? 0) });
    case 'reopened': return t('contacts:said.reopened');
    case 'flow': return t(`contacts:said.flow_${text(data.step)}`, { name: text(data.name) });
    case 'campaign': return t('contacts:said.campaign', { name: text(data.name) });
    case 'event': return t('contacts:said.event', { name: text(data.name) });
    case 'note': return t('contacts:said.note');
    default: return kind;
  }
}

/** Properties of a custom event as `name: value`. */
export const propertiesOf = (data: Data): { name: string; value: string }[] =>
  Object.entries((data.properties ?? {}) as Record<string, unknown>).map(([name, value]) => ({ name, value: typeof value === 'object' ? JSON.stringify(value) : String(value) }));

/** Who did it; the contact's own deeds carry the contact's name. */
export function actorWords(t: TFunction, entry: TimelineEntry, contactName: string): string {
  const { actor } = entry;
  if (entry.kind === 'event') return contactName || t('contacts:said.contact');
  if (!actor || !['contact', 'user', 'key'].includes(actor.kind)) return t('contacts:said.system');
  if (actor.kind === 'contact') return contactName || t('contacts:said.contact');
  return actor.name || t(actor.kind === 'key' ? 'contacts:said.key' : 'contacts:said.somebody');
}

/** The price of a message, when it had one. */
export function priceOf(data: Data): string | null {
  const [price, currency] = [text(data.price), text(data.currency)];
  return currency !== '' && Number(price) > 0 ? formatMoney(price, currency, 4) : null;
}

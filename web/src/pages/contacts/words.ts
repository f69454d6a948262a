/** Values of contacts as people read them. */
import type { Attribute, Contact, Scalar } from '../../api/contactTypes';

const locale = (): string => document.documentElement.lang || 'en';

export const numberWords = (value: number): string => value.toLocaleString(locale());

const names = new Map<string, string>();

/** `hi` → Hindi. A code that is none stays as it is. */
export function languageName(code: string): string {
  const key = `${locale()} ${code}`;
  let name = names.get(key);
  if (name === undefined) {
    try {
      name = new Intl.DisplayNames(locale(), { type: 'language' }).of(code) ?? code;
    } catch {
      name = code;
    }
    names.set(key, name);
  }
  return name;
}

/** What stands where a name is missing: the number, else another address, else nothing. */
export const titleOf = (contact: Pick<Contact, 'name' | 'phone'> & { addresses: { address: string }[] }): string => contact.name || contact.phone || contact.addresses[0]?.address || '';

/** A day `2026-01-31` as people write it; it has no time and no zone. */
export function dayWords(day: string): string {
  const at = Date.parse(`${day}T00:00:00Z`);
  return Number.isNaN(at) ? day : new Intl.DateTimeFormat(locale(), { dateStyle: 'medium', timeZone: 'UTC' }).format(at);
}

export interface YesNo { yes: string; no: string }

export function valueWords(value: Scalar, type: Attribute['type'] | undefined, { yes, no }: YesNo): string {
  if (typeof value === 'boolean') return value ? yes : no;
  if (typeof value === 'number') return new Intl.NumberFormat(locale(), { maximumFractionDigits: 20 }).format(value);
  return type === 'date' ? dayWords(value) : value;
}

/** A telephone number reaches all channels; other addresses only their own. */
const CHANNELS_OF: Record<string, string[]> = { phone: ['sms', 'whatsapp', 'rcs', 'voice'], whatsapp: ['whatsapp'], rcs: ['rcs'], sip: ['voice'] };
const ORDER = ['sms', 'whatsapp', 'rcs', 'voice'];

/** Channels a person has an address for. */
export function channelsOf(addresses: { kind: string }[]): string[] {
  const found = new Set(addresses.flatMap(({ kind }) => CHANNELS_OF[kind] ?? []));
  return ORDER.filter((kind) => found.has(kind));
}

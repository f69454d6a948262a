/** What a run begins with, out of what was typed. All pure. */
import type { Action, NewSimulation } from '../../../api/simulations';

export type Who = { kind: 'made' } | { kind: 'longest' | 'missing' } | { kind: 'real'; id: string; name: string };
export type Channel = 'sms' | 'whatsapp' | 'rcs' | 'voice';

/** `attributes` and `values` as JSON, `tags` with commas between them, `now` as the browser writes a local time; empty: as it is. */
export interface Setup { who: Who; channel: Channel; seed: number; start: string; name: string; phone: string; language: string; time_zone: string; tags: string; attributes: string; now: string; text: string; intent: string; values: string }

export const SETUP: Setup = { who: { kind: 'made' }, channel: 'sms', seed: 1, start: '', name: 'Ann Example', phone: '+447700900123', language: 'en', time_zone: '', tags: '', attributes: '', now: '', text: '', intent: '', values: '' };

/** An object of JSON; empty for nothing; null for what is none. */
export function objectOf(text: string): Record<string, unknown> | null {
  if (text.trim() === '') return {};
  try {
    const found = JSON.parse(text) as unknown;
    return typeof found === 'object' && found !== null && !Array.isArray(found) ? (found as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

export type Wrong = Partial<Record<'attributes' | 'values', true>>;

/** The fields that cannot be read. */
export function wrongOf(setup: Setup): Wrong {
  return { ...(setup.who.kind === 'made' && objectOf(setup.attributes) === null && { attributes: true }), ...(objectOf(setup.values) === null && { values: true }) };
}

export function madeOf({ name, phone, language, time_zone, tags, attributes }: Setup): NonNullable<NewSimulation['contact']> {
  const listed = [...new Set(tags.split(',').map((tag) => tag.trim()).filter(Boolean))];
  return { name, phone, language, time_zone: time_zone.trim(), tags: listed, attributes: (objectOf(attributes) ?? {}) as Record<string, string | number | boolean | null> };
}

export function beginningOf({ start, values, text, intent }: Setup): Action {
  return { do: 'begin', start, values: objectOf(values) ?? {}, text, intent: intent.trim() || null };
}

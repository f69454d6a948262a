// @vitest-environment jsdom
import i18next, { type TFunction } from 'i18next';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Attribute, TimelineEntry } from '../../../api/contactTypes';
import { loadArea } from '../../../i18n';
import { actorWords, changesOf, priceOf, propertiesOf, sentence } from './timelineWords';

let t: TFunction;
beforeAll(async () => {
  await loadArea('contacts');
  t = i18next.t.bind(i18next) as TFunction;
});

const MEERA = { kind: 'user', id: 'usr_1', name: 'Meera' };
const CITY = { key: 'city', label: 'Home town', type: 'text' } as Attribute;
const entry = (kind: string, data: Record<string, unknown>, actor: TimelineEntry['actor'] = MEERA): TimelineEntry => ({ id: 'act_1', kind, at: '2026-01-01T00:00:00Z', actor, data });
const said = (kind: string, data: Record<string, unknown>, actor?: TimelineEntry['actor']): string => sentence(t, entry(kind, data, actor), [CITY]);

describe('sentences', () => {
  test.each([
    ['tags', { added: ['vip', 'new'], removed: [] }, 'added the tag “vip” and “new”'],
    ['tags', { added: [], removed: ['vip'] }, 'removed the tag “vip”'],
    ['tags', { added: ['a'], removed: ['b'] }, 'added the tag “a” and removed “b”'],
    ['attributes', { changes: { city: ['Pune', 'York'], time_zone: ['', 'Europe/London'] } }, 'changed Home town and Time zone'],
    ['address', { action: 'primary', address: '+44' }, 'made +44 the primary address'],
    ['consent', { channel_kind: 'sms', purpose: 'all', after: 'opted_out' }, 'recorded an opt-out of SMS'],
    ['consent', { channel_kind: 'whatsapp', purpose: 'marketing', after: 'opted_in' }, 'recorded an opt-in to WhatsApp for marketing'],
    ['assigned', { assignee_id: 'usr_1', name: 'Meera' }, 'took the conversation'],
    ['assigned', { assignee_id: 'usr_2', name: 'Tom' }, 'assigned the conversation to Tom'],
    ['assigned', { assignee_id: null, name: '' }, 'took the assignment back'],
    ['transferred', { queue: 'Care' }, 'moved the conversation to Care'],
    ['merge', { loser_name: 'P. Rao' }, 'merged P. Rao into this contact'],
    ['import', { action: 'created', file: 'people.csv' }, 'was created by the import of people.csv'],
    ['flow', { step: 'started', name: 'Winback' }, 'started the flow “Winback”'],
    ['something new', {}, 'something new'],
  ])('%s %j', (kind, data, words) => {
    expect(said(kind, data)).toBe(words);
  });

  test('what the contact says is their own', () => {
    expect(said('consent', { channel_kind: 'sms', purpose: 'all', after: 'opted_out' }, { kind: 'contact', id: null, name: '' })).toBe('opted out of SMS');
  });
});

test('who did it', () => {
  expect(actorWords(t, entry('tags', {}), 'Asha')).toBe('Meera');
  expect(actorWords(t, entry('tags', {}, { kind: 'contact', id: null, name: '' }), 'Asha')).toBe('Asha');
  expect(actorWords(t, entry('tags', {}, { kind: 'key', id: 'key_1', name: '' }), 'Asha')).toBe('An API key');
  expect(actorWords(t, entry('message', {}, { kind: 'flow', id: null, name: '' }), 'Asha')).toBe('The system');
  expect(actorWords(t, entry('event', {}, null), 'Asha')).toBe('Asha');
});

test('fields before and after; nothing is null', () => {
  expect(changesOf(t, { changes: { city: [null, 'York'], language: ['hi', ''] } }, [CITY])).toEqual([
    { name: 'Home town', before: null, after: 'York' },
    { name: 'Language', before: 'Hindi', after: null },
  ]);
});

test('prices and properties', () => {
  expect(priceOf({ price: '0.035000', currency: 'EUR' })).toBe('EUR\u00a00.0350');
  expect(priceOf({ price: '0.000000', currency: 'EUR' })).toBeNull();
  expect(propertiesOf({ properties: { total: 12.5, items: ['a'] } })).toEqual([{ name: 'total', value: '12.5' }, { name: 'items', value: '["a"]' }]);
});

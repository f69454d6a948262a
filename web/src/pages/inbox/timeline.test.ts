// @vitest-environment jsdom
import { expect, test } from 'vitest';
import type { Message } from '../../api/types';
import { timeline } from './timeline';

function message(id: string, created_at: string, change: Partial<Message> = {}): Message {
  return {
    id, created_at, conversation_id: 'cnv_1', direction: 'in', origin: 'contact', author: null, channel_kind: 'sms', address: null, body: id, status: 'received', reason: null,
    error_code: null, parts: 1, price: null, currency: null, intent: null, confidence: null, routing: null, sent_at: null, delivered_at: null, read_at: null, failed_at: null, ...change,
  } as Message;
}

const kinds = (messages: Message[], zone = 'UTC'): string[] =>
  timeline(messages, zone).map((item) => (item.kind === 'message' ? `${item.first ? '[' : ''}${item.message.id}${item.last ? ']' : ''}` : item.kind));

test('a divider per day of the zone', () => {
  const messages = [message('a', '2026-03-01T22:30:00Z'), message('b', '2026-03-01T23:30:00Z')];
  expect(kinds(messages, 'UTC')).toEqual(['day', '[a]', '[b]']);
  expect(kinds(messages, 'Europe/Berlin')).toEqual(['day', '[a]', 'day', '[b]']);
});

test('a divider where the channel changes', () => {
  expect(kinds([message('a', '2026-03-01T10:00:00Z'), message('b', '2026-03-01T10:01:00Z', { channel_kind: 'whatsapp' })])).toEqual(['day', '[a]', 'channel', '[b]']);
});

test('messages of one writer within five minutes belong together', () => {
  const messages = [message('a', '2026-03-01T10:00:00Z'), message('b', '2026-03-01T10:04:00Z'), message('c', '2026-03-01T10:10:00Z'), message('d', '2026-03-01T10:10:30Z', { direction: 'out', origin: 'agent' })];
  expect(kinds(messages)).toEqual(['day', '[a', 'b]', '[c]', '[d]']);
});

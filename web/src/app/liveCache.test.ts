// @vitest-environment jsdom
import { QueryClient } from '@tanstack/react-query';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { keys } from '../api/keys';
import type { Conversation, Me, Message } from '../api/types';
import { Coalescer } from './live';
import { inView, LiveCache, mergeMessage, placeConversation } from './liveCache';

const ME = { user: { id: 'usr_me', name: 'Meera', email: 'm@x.example', roles: [] } } as unknown as Me;

function conversation(id: string, change: Partial<Conversation> = {}): Conversation {
  return {
    id, contact: { id: `con_${id}`, name: id, address: '+4477' }, status: 'open', queue: { id: 'que_1', name: 'Care' }, assignee: null, channel: null, last_text: '', last_direction: 'in',
    last_at: '2026-01-01T00:00:00Z', unread: 0, intent: null, confidence: null, reason: '', opted_out: [], opened_at: null, closed_at: null, priority: 0, waiting_since: null, offer: null,
    respond_by: null, resolve_by: null, breached: [], snoozed_until: null, wrap_up: null, flooded_until: null, tags: [], handed_on: null, waiting_flows: [], version: 1, ...change,
  };
}

const message = (id: string, status: string, change: Partial<Message> = {}): Message =>
  ({ id, status, conversation_id: 'cnv_1', direction: 'out', body: id, reason: null, error_code: null, sent_at: null, delivered_at: null, ...change }) as Message;

const pages = (...lists: Conversation[][]) => ({ pages: lists.map((items, at) => ({ items, has_more: at < lists.length - 1 })), pageParams: lists.map(() => null) });
const ids = (data: { pages: { items: { id: string }[] }[] }): string[] => data.pages.flatMap((page) => page.items.map((row) => row.id));

describe('delivery states', () => {
  test.each([
    ['sent', 'queued', 'sent'],
    ['delivered', 'sent', 'delivered'],
    ['sent', 'delivered', 'delivered'],
    ['delivered', 'read', 'read'],
    ['sending', 'unknown', 'unknown'],
    ['unknown', 'delivered', 'delivered'],
  ])('%s then %s shows %s', (old, patch, shown) => {
    expect(mergeMessage(message('m', old), { id: 'm', status: patch }).status).toBe(shown);
  });

  test('a late answer keeps the times that are known', () => {
    const merged = mergeMessage(message('m', 'delivered', { sent_at: 'a', delivered_at: 'b' }), message('m', 'queued'));
    expect(merged).toMatchObject({ status: 'delivered', sent_at: 'a', delivered_at: 'b' });
  });
});

describe('lists', () => {
  test('views', () => {
    const mine = conversation('a', { assignee: { id: 'usr_me', name: 'Meera' } });
    expect(inView(mine, 'mine', 'usr_me')).toBe(true);
    expect(inView(mine, 'unassigned', 'usr_me')).toBe(false);
    expect(inView(mine, 'que_1', 'usr_me')).toBe(true);
    expect(inView(mine, 'que_2', 'usr_me')).toBe(false);
    expect(inView(conversation('b', { status: 'closed' }), 'open', 'usr_me')).toBe(false);
    expect(inView(conversation('b', { status: 'idle' }), 'all', 'usr_me')).toBe(true);
    expect(inView(conversation('b', { status: 'snoozed' }), 'snoozed', 'usr_me')).toBe(true);
    expect(inView(conversation('b', { status: 'waiting' }), 'open', 'usr_me')).toBe(false);
    const offer = (id: string) => conversation('b', { offer: { agent: { id, name: '' }, until: null } });
    expect(inView(offer('usr_me'), 'offered', 'usr_me')).toBe(true);
    expect(inView(offer('usr_2'), 'offered', 'usr_me')).toBe(false);
  });

  test('a row goes where its time says, once', () => {
    const data = pages([conversation('a', { last_at: '2026-01-01T00:03:00Z' }), conversation('b', { last_at: '2026-01-01T00:02:00Z' })], [conversation('c')]);
    expect(ids(placeConversation(data, conversation('c', { last_at: '2026-01-01T00:04:00Z' }), true, true))).toEqual(['c', 'a', 'b']);
    expect(ids(placeConversation(data, conversation('x', { last_at: '2026-01-01T00:02:30Z' }), true, true))).toEqual(['a', 'x', 'b', 'c']);
    expect(ids(placeConversation(data, conversation('a'), false, true))).toEqual(['b', 'c']);
    expect(ids(placeConversation(data, conversation('x'), true, false))).toEqual(['a', 'b', 'c']);
  });

  test('an older version never undoes a newer one', () => {
    const client = new QueryClient();
    const key = keys.list({ view: 'open', search: '' });
    client.setQueryData(key, pages([conversation('a', { version: 5, last_text: 'new' })]));
    const cache = new LiveCache(client, ME);
    cache.apply([{ type: 'conversation.updated', conversation: conversation('a', { version: 4, last_text: 'old' }) }]);
    cache.stop();
    expect(client.getQueryData<ReturnType<typeof pages>>(key)?.pages[0]?.items[0]?.last_text).toBe('new');
  });

  test('a message joins its thread once', () => {
    const client = new QueryClient();
    client.setQueryData(keys.messages('cnv_1'), { pages: [{ items: [message('a', 'sent')], has_more: false }], pageParams: [null] });
    const cache = new LiveCache(client, ME);
    const event = { type: 'message.created', conversation_id: 'cnv_1', message: message('b', 'queued') } as const;
    cache.apply([event, event, { type: 'message.updated', conversation_id: 'cnv_1', message: { id: 'b', status: 'sent' } }, event]);
    cache.stop();
    const data = client.getQueryData<{ pages: { items: Message[] }[] }>(keys.messages('cnv_1'));
    expect(data?.pages[0]?.items.map((row) => `${row.id} ${row.status}`)).toEqual(['a sent', 'b sent']);
  });
});

describe('channels', () => {
  const stale = (client: QueryClient, key: readonly unknown[]): boolean | undefined => client.getQueryState(key)?.isInvalidated;

  test('an account that stops or recovers is asked about again, and its numbers with it', () => {
    const client = new QueryClient();
    for (const key of [keys.accounts, keys.channelHealth('chn_1'), keys.wallet]) client.setQueryData(key, {});
    const cache = new LiveCache(client, ME);
    cache.apply([{ type: 'channel.health', account_id: 'acc_1', state: 'open', reason: 'no', code: '20003' }]);
    cache.stop();
    expect([keys.accounts, keys.channelHealth('chn_1'), keys.wallet].map((key) => stale(client, key))).toEqual([true, true, false]);
  });

  test('a message that is looked at whole is read again when an attempt of it moves', () => {
    const client = new QueryClient();
    client.setQueryData(keys.message('msg_1'), {});
    const cache = new LiveCache(client, ME);
    cache.apply([{ type: 'message.updated', conversation_id: 'cnv_1', message: { id: 'msg_2', status: 'sent' } }]);
    cache.stop();
    expect(stale(client, keys.message('msg_1'))).toBe(true);
  });
});

describe('flows', () => {
  test('one that moved is asked for again, once for many events, and no other', () => {
    vi.useFakeTimers();
    const client = new QueryClient();
    const cache = new LiveCache(client, ME);
    const figures = (id: string) => keys.flowFigures(id, 1, null);
    for (const id of ['flw_1', 'flw_2']) client.setQueryData(figures(id), {});
    const asked = vi.spyOn(client, 'invalidateQueries');
    cache.apply([{ type: 'flows.moved', flow_ids: ['flw_1'] }, { type: 'flows.moved', flow_ids: ['flw_1'] }]);
    expect(client.getQueryState(figures('flw_1'))?.isInvalidated).toBe(false);
    vi.advanceTimersByTime(1_000);
    expect(['flw_1', 'flw_2'].map((id) => client.getQueryState(figures(id))?.isInvalidated)).toEqual([true, false]);
    expect(asked).toHaveBeenCalledTimes(2);
    cache.stop();
    vi.useRealTimers();
  });
});

describe('coalescing', () => {
  afterEach(() => vi.useRealTimers());

  test('the first event at once, a burst together', () => {
    vi.useFakeTimers();
    const batches: number[] = [];
    const coalescer = new Coalescer((events) => batches.push(events.length), () => Date.now());
    const gap = { type: 'gap' } as const;
    coalescer.push(gap);
    coalescer.push(gap);
    coalescer.push(gap);
    expect(batches).toEqual([1]);
    vi.advanceTimersByTime(250);
    expect(batches).toEqual([1, 2]);
  });
});

import { QueryClient } from '@tanstack/react-query';
import { describe, expect, it, test } from 'vitest';
import { keys } from '../api/keys';
import type { Conversation, DeskCall, Page, Said } from '../api/types';
import { ownCalls, putCall, putSaid, standing } from './liveCalls';

const ann = { id: 'usr_ann', name: 'Ann' };
const bob = { id: 'usr_bob', name: 'Bob' };

const call = (change: Partial<DeskCall>): DeskCall => ({
  id: 'cal_1', conversation_id: 'cnv_1', contact: { id: 'con_1', name: 'Ada', address: '+15550001' }, channel_id: 'chn_1', direction: 'in', phase: 'queued',
  queue: null, offered_to: null, owner: null, agent: null, consulted: null, consulted_up: false, listeners: [], muted: false, recorded: false, transcribed: false, kept: false, recording: null, forward: null, note: '',
  waited_from: '2026-11-26T09:00:00Z', since: '2026-11-26T09:00:00Z', answered_at: null, ended_at: null, outcome: null, log: [], version: 1, ...change,
});

const cacheOf = (...items: DeskCall[]): QueryClient => {
  const client = new QueryClient();
  client.setQueryData<Page<DeskCall>>(keys.liveCalls, { items, has_more: false });
  return client;
};
const rows = (client: QueryClient): DeskCall[] => client.getQueryData<Page<DeskCall>>(keys.liveCalls)?.items ?? [];

describe('calls at the desk', () => {
  it('an older version changes nothing, a newer one does', () => {
    const client = cacheOf(call({ version: 3, phase: 'held' }));
    putCall(client, call({ version: 2, phase: 'connected' }));
    expect(rows(client)[0]?.phase).toBe('held');
    putCall(client, call({ version: 4, phase: 'connected' }));
    expect(rows(client)[0]?.phase).toBe('connected');
    putCall(client, call({ id: 'cal_2' }));
    expect(rows(client).map((row) => row.id)).toEqual(['cal_1', 'cal_2']);
  });

  it('rings for whoever is asked or has the conversation, until somebody takes it', () => {
    const client = cacheOf(call({}));
    expect(standing(rows(client), ann.id).ringing).toEqual([]);
    ownCalls(client, { id: 'cnv_1', assignee: null, offer: { agent: ann, until: '' } } as unknown as Conversation);
    expect(standing(rows(client), ann.id).ringing).toHaveLength(1);
    ownCalls(client, { id: 'cnv_1', assignee: bob, offer: null } as unknown as Conversation);
    expect(standing(rows(client), ann.id).ringing).toEqual([]);
    expect(standing(rows(client), bob.id).ringing).toHaveLength(1);
    putCall(client, call({ version: 2, phase: 'connecting', agent: bob }));
    expect(standing(rows(client), bob.id)).toMatchObject({ ringing: [], mine: { phase: 'connecting' } });
  });

  it('keeps the call that ended until it is put away', () => {
    const calls = [call({ phase: 'ended', agent: ann })];
    expect(standing(calls, ann.id).mine?.id).toBe('cal_1');
    expect(standing(calls, ann.id, new Set(['cal_1'])).mine).toBeUndefined();
    expect(standing([call({ phase: 'held', agent: ann, listeners: [bob] })], bob.id).heard?.id).toBe('cal_1');
  });
});

test('what is said stands in its order, once', () => {
  const client = new QueryClient();
  const said = (id: string, at: string): Said => ({ id, at, speaker: 'contact', user: null, text: id, confidence: null });
  putSaid(client, 'cal_1', said('say_0', '2026-11-26T09:00:00Z'));
  expect(client.getQueryData(keys.said('cal_1'))).toBeUndefined();
  client.setQueryData<Page<Said>>(keys.said('cal_1'), { items: [said('say_2', '2026-11-26T09:00:02Z')], has_more: false });
  putSaid(client, 'cal_1', said('say_1', '2026-11-26T09:00:01Z'));
  putSaid(client, 'cal_1', said('say_2', '2026-11-26T09:00:02Z'));
  expect(client.getQueryData<Page<Said>>(keys.said('cal_1'))?.items.map((one) => one.id)).toEqual(['say_1', 'say_2']);
});

// @vitest-environment jsdom
import { afterEach, expect, test, vi } from 'vitest';
import { Problem } from '../../api/problem';
import type { Message } from '../../api/types';
import { arrived, attempt, discard, enqueue, isUnconfirmed, outbox, type Outgoing } from './outbox';

const entry = (key: string): Outgoing => ({ key, text: 'hello', channelId: null, channelKind: 'sms', seen: null, createdAt: '2026-01-01T00:00:00Z', state: 'sending', problem: null });
const answer = (status: number, body: object): Response =>
  new Response(JSON.stringify(body), { status, headers: { 'Content-Type': status < 400 ? 'application/json' : 'application/problem+json' } });

afterEach(() => vi.unstubAllGlobals());

test('a retry keeps its key, and the entry goes once the API answered', async () => {
  const seen: string[] = [];
  const answers = [answer(503, { code: 'unavailable', title: 'Busy', status: 503 }), answer(201, { id: 'msg_1' })];
  vi.stubGlobal('fetch', (request: Request) => {
    seen.push(request.headers.get('Idempotency-Key') ?? '');
    return Promise.resolve(answers.shift());
  });
  enqueue('cnv_1', entry('k1'));
  expect(await attempt('cnv_1', entry('k1'), () => undefined)).toBeNull();
  expect(outbox('cnv_1').get()[0]).toMatchObject({ state: 'unsent', problem: { code: 'unavailable', isTemporary: true } });
  const sent: string[] = [];
  await attempt('cnv_1', entry('k1'), (message) => sent.push(message.id));
  expect(seen).toEqual(['k1', 'k1']);
  expect(sent).toEqual(['msg_1']);
  expect(outbox('cnv_1').get()).toEqual([]);
});

test('no network is a problem too, and an entry can be given up', async () => {
  vi.stubGlobal('fetch', () => Promise.reject(new TypeError('Failed to fetch')));
  enqueue('cnv_2', entry('k2'));
  await attempt('cnv_2', entry('k2'), () => undefined);
  expect(outbox('cnv_2').get()[0]?.problem?.code).toBe('offline');
  expect(localStorage.getItem('hub-outbox:cnv_2')).toContain('k2');
  discard('cnv_2', 'k2');
  expect(localStorage.getItem('hub-outbox:cnv_2')).toBeNull();
});

test('only a lost answer leaves it open whether the reply left', () => {
  const unsent = (status: number | null): Outgoing => ({ ...entry('k'), state: 'unsent', problem: status === null ? null : new Problem({ status, code: 'x', title: 'x' }) });
  expect([null, 0, 502, 503].map((status) => isUnconfirmed(unsent(status)))).toEqual([true, true, true, true]);
  expect([403, 409, 422, 429].map((status) => isUnconfirmed(unsent(status)))).toEqual([false, false, false, false]);
  expect(isUnconfirmed(entry('k'))).toBe(false);
});

test('what left is found among the newest messages, and nothing else is taken for it', () => {
  const message = (change: Partial<Message>): Message => ({ id: 'msg_1', direction: 'out', origin: 'agent', body: 'hello', created_at: '2026-01-01T00:00:30Z', ...change }) as Message;
  const found = (change: Partial<Message>): string | undefined => arrived(entry('k'), [message(change)])?.id;
  expect(found({})).toBe('msg_1');
  expect([found({ direction: 'in' }), found({ origin: 'flow' }), found({ body: 'hello!' }), found({ created_at: '2025-12-31T23:00:00Z' })]).toEqual([undefined, undefined, undefined, undefined]);
});

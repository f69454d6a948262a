import { expect, test } from 'vitest';
import type { AccountHealth } from '../../api/types';
import { acceptedShare, formatRate, limitOf, scoreWord, stateOf } from './healthWords';

const window = { sent: 0, accepted: 0, refused: 0, unknown: 0, delivered: 0, failed: 0, mean_latency_ms: null };
const health = (over: Partial<AccountHealth>): AccountHealth => ({ state: 'closed', until: null, reason: '', code: '', score: 90, sent_per_s: 0, window, errors: [], ...over });

test.each([
  ['paused', { status: 'paused', health: health({ state: 'open' }) }],
  ['stopped', { status: 'active', health: health({ state: 'open' }) }],
  ['trying', { status: 'active', health: health({ state: 'half_open' }) }],
  ['idle', { status: 'active', health: health({ score: null }) }],
  ['working', { status: 'active', health: health({}) }],
  ['unknown', { status: 'active', health: null }],
] as const)('an account is %s', (word, account) => {
  expect(stateOf(account)).toBe(word);
});

test('a score has a word', () => {
  expect([100, 85, 84, 60, 59, 0].map(scoreWord)).toEqual(['good', 'good', 'fair', 'fair', 'poor', 'poor']);
});

test('a rate has as many digits as say something', () => {
  expect([0, 0.051, 3.24, 140.4].map((value) => formatRate(value))).toEqual(['0', '0.05', '3.2', '140']);
});

test('the share that was taken needs something that was sent', () => {
  expect(acceptedShare(window)).toBeNull();
  expect(acceptedShare({ ...window, sent: 4, accepted: 3 })).toBe(0.75);
});

test('the whole account bounds before one number', () => {
  expect(limitOf({})).toBeNull();
  expect(limitOf({ channel_messages_per_s: 80, messages_per_s: 100 })).toEqual({ value: 100, of: 'account' });
  expect(limitOf({ channel_messages_per_s: 80 })).toEqual({ value: 80, of: 'number' });
});

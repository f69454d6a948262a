import { expect, test } from 'vitest';
import { freeze } from './frozenOrder';

const THEN = '2026-01-01T00:00:00Z';
const row = (id: string, text = '', last_at = THEN, last_direction = 'in') => ({ id, last_at, last_direction, text });
const frozen = new Map(['a', 'b', 'c'].map((id) => [id, THEN]));

test('rows keep their places and show their new content', () => {
  const { rows, news } = freeze([row('c', 'new'), row('a'), row('b')], frozen);
  expect(rows.map((r) => r.id)).toEqual(['a', 'b', 'c']);
  expect(rows[2]?.text).toBe('new');
  expect(news).toBe(0);
});

test('new rows wait, rows that left are gone', () => {
  const { rows, news } = freeze([row('x'), row('y'), row('a'), row('c')], frozen);
  expect(rows.map((r) => r.id)).toEqual(['a', 'c']);
  expect(news).toBe(2);
});

test('a row somebody wrote in is news, a reply of ours is not', () => {
  const later = '2026-01-01T00:01:00Z';
  expect(freeze([row('b', '', later), row('a'), row('c', '', later, 'out')], frozen).news).toBe(1);
});

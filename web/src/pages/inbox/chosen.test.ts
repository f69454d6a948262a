import { expect, test } from 'vitest';
import { between, choose, CHOSEN_MAX } from './chosen';

const rows = ['a', 'b', 'c', 'd', 'e'];

test('a row is chosen, and not any more', () => {
  expect(choose(['a'], 'b')).toEqual(['a', 'b']);
  expect(choose(['a', 'b'], 'a')).toEqual(['b']);
});

test('a range follows what its end becomes', () => {
  expect(choose(['b'], 'd', between(rows, 'b', 'd'))).toEqual(['b', 'd', 'c']);
  expect(choose(['b', 'c', 'd', 'e'], 'd', between(rows, 'b', 'd'))).toEqual(['e']);
  expect(between(rows, 'd', 'b')).toEqual(['b', 'c', 'd']);
  expect(between(rows, 'gone', 'b')).toEqual(['b']);
  expect(between(rows, undefined, 'b')).toEqual(['b']);
});

test('no more are chosen than the server takes', () => {
  const many = Array.from({ length: CHOSEN_MAX + 20 }, (_, nth) => `row ${nth}`);
  expect(choose([], 'row 0', many)).toHaveLength(CHOSEN_MAX);
});

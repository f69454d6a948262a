import { expect, test } from 'vitest';
import { blocksFor, startOf } from './blocks';

test.each([
  [[0, 20, 1_000_000], [0]],
  [[60, 80, 1_000_000], [0, 1]],
  [[899_990, 900_010, 1_000_000], [8_999, 9_000]],
  [[999_980, 999_999, 1_000_000], [9_999]],
  [[0, 0, 0], []],
  [[500, 520, 40], [0]],
])('rows %j are in blocks %j', ([first, last, count], blocks) => {
  expect(blocksFor(first ?? 0, last ?? 0, count ?? 0)).toEqual(blocks);
});

test('a block starts after the row before it', () => {
  expect(startOf(0, undefined, undefined)).toBeNull();
  expect(startOf(1, 'con_99', undefined)).toBe('con_99');
  expect(startOf(9_000, undefined, undefined)).toBeUndefined();
  expect(startOf(2, undefined, ['con_99', 'con_199'])).toBe('con_199');
});

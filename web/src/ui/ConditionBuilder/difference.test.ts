import { expect, test } from 'vitest';
import { difference, linesOf } from './difference';
import type { PlainGroup } from './condition';

const rule = (field: string, value: unknown) => ({ field, operator: '=', value });
const BEFORE: PlainGroup = { combinator: 'and', not: false, rules: [rule('city', 'Pune'), { combinator: 'or', not: false, rules: [rule('tag', 'vip'), rule('tag', 'gold')] }] };

test('lines follow the nesting', () => {
  expect(linesOf(BEFORE).map(({ depth, match, rule: one }) => [depth, match ?? one?.value])).toEqual([[0, 'all'], [1, 'Pune'], [1, 'any'], [2, 'vip'], [2, 'gold']]);
});

test('a changed value is one line out and one line in; the rest stays', () => {
  const after: PlainGroup = { combinator: 'and', not: false, rules: [rule('city', 'Goa'), { combinator: 'or', not: false, rules: [rule('tag', 'vip'), rule('tag', 'gold')] }, rule('language', 'en')] };
  expect(difference(BEFORE, after).map(({ change, match, rule: one }) => [change, match ?? one?.value])).toEqual([
    ['same', 'all'], ['removed', 'Pune'], ['added', 'Goa'], ['same', 'any'], ['same', 'vip'], ['same', 'gold'], ['added', 'en'],
  ]);
});

test('the same conditions differ in nothing', () => {
  expect(difference(BEFORE, structuredClone(BEFORE)).every((line) => line.change === 'same')).toBe(true);
});

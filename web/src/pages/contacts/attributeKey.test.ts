import { expect, test } from 'vitest';
import { choicesOf, keyOf } from './attributeKey';

test.each([
  ['Order number', 'order_number'],
  ['Größe (cm)', 'große_cm'.replace('ß', '_')],
  ['2nd address', 'nd_address'],
  ['  ', ''],
  ['x'.repeat(80), 'x'.repeat(63)],
])('%j has the key %j', (label, key) => {
  expect(keyOf(label)).toBe(key);
});

test('choices are lines', () => {
  expect(choicesOf('Gold\n silver \n\nGold')).toEqual(['Gold', 'silver']);
});

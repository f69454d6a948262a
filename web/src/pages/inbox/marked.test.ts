import { expect, test } from 'vitest';
import { pieces } from './marked';

test('a text is cut at its marks, by characters', () => {
  expect(pieces('👍 my order is late', [[5, 10], [14, 18]])).toEqual([
    { text: '👍 my ', marked: false },
    { text: 'order', marked: true },
    { text: ' is ', marked: false },
    { text: 'late', marked: true },
  ]);
});
test('without marks it stays whole', () => expect(pieces('abc', [])).toEqual([{ text: 'abc', marked: false }]));

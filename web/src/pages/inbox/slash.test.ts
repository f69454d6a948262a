import { expect, test } from 'vitest';
import { slashWord, withReply } from './slash';

test.each([
  ['/', ''],
  ['/par', 'par'],
  ['Hello /größe', 'größe'],
  ['line\n/x-1', 'x-1'],
  ['and/or', null],
  ['/par cel', null],
  ['1/2', null],
  ['', null],
])('%j asks for %j', (text, word) => expect(slashWord(text)).toBe(word));

test('a reply takes the place of the slash and its word', () => {
  expect(withReply('Hello /par', 'your parcel')).toBe('Hello your parcel');
  expect(withReply('/par', '$& costs $1')).toBe('$& costs $1');
});

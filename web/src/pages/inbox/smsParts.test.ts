import { expect, test } from 'vitest';
import { plainText, smsParts } from './smsParts';

// Values of a provider's own calculator.
test.each([
  ['', 0],
  ['a'.repeat(160), 1],
  ['a'.repeat(161), 2],
  ['€'.repeat(80), 1],
  ['€'.repeat(81), 2],
  ['Ж'.repeat(70), 1],
  ['Ж'.repeat(71), 2],
  ['😀'.repeat(35), 1],
  ['😀'.repeat(36), 2],
  [`${'a'.repeat(152)}€${'b'.repeat(151)}`, 2],
  [`${'a'.repeat(152)}€${'b'.repeat(152)}`, 3],
  [`${'Ж'.repeat(66)}😀${'Ж'.repeat(66)}`, 3],
])('parts of %#', (text, parts) => {
  expect(smsParts(text).parts).toBe(parts);
});

test.each([
  ['à è é ì ò ù ä ö ü ñ å ø æ ß Ç [ ] €', 'GSM-7', null],
  ['it’s', 'UCS-2', '’'],
  ['ç', 'UCS-2', 'ç'],
  ['`', 'UCS-2', '`'],
  ['a\tb', 'UCS-2', '\t'],
  ['á', 'UCS-2', 'á'],
])('alphabet of %s', (text, encoding, culprit) => {
  expect(smsParts(text)).toMatchObject({ encoding, culprit });
});

test('units left and characters', () => {
  expect(smsParts('hello')).toMatchObject({ characters: 5, left: 155 });
  expect(smsParts('a'.repeat(161))).toMatchObject({ characters: 161, left: 145 });
  expect(smsParts('😀')).toMatchObject({ characters: 1, left: 68 });
});

test.each([
  ['it’s “on” its way… – now', 'it\'s "on" its way... - now'],
  ['plain already', null],
  ['it’s 😀', null],
])('plain text of %s', (text, plain) => {
  expect(plainText(text)).toBe(plain);
});

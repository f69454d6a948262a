// @vitest-environment jsdom
import { expect, test } from 'vitest';
import { channelsOf, dayWords, languageName, titleOf, valueWords } from './words';

const WORDS = { yes: 'Yes', no: 'No' };

test('values', () => {
  expect(valueWords(true, 'boolean', WORDS)).toBe('Yes');
  expect(valueWords(false, 'boolean', WORDS)).toBe('No');
  expect(valueWords(1_234.5, 'number', WORDS)).toBe('1,234.5');
  expect(valueWords('2026-01-31', 'date', WORDS)).toBe('Jan 31, 2026');
  expect(valueWords('2026-01-31', 'text', WORDS)).toBe('2026-01-31');
  expect(dayWords('soon')).toBe('soon');
});

test('names', () => {
  expect(languageName('hi')).toBe('Hindi');
  expect(languageName('not a code')).toBe('not a code');
  expect(titleOf({ name: '', phone: null, addresses: [{ address: 'sip:a@b.example' }] })).toBe('sip:a@b.example');
  expect(titleOf({ name: 'Asha', phone: '+44', addresses: [] })).toBe('Asha');
});

test('channels follow the addresses', () => {
  expect(channelsOf([{ kind: 'phone' }])).toEqual(['sms', 'whatsapp', 'rcs', 'voice']);
  expect(channelsOf([{ kind: 'sip' }, { kind: 'whatsapp' }])).toEqual(['whatsapp', 'voice']);
  expect(channelsOf([])).toEqual([]);
});

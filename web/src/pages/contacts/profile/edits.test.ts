import { expect, test } from 'vitest';
import { changeOf, differs, parseValue, readField } from './edits';

const CONTACT = { name: 'Asha', language: '', time_zone: '', attributes: { city: 'Pune', vip: false } };

test('a field is read and written by its name', () => {
  expect(readField(CONTACT, 'name')).toBe('Asha');
  expect(readField(CONTACT, 'attribute.vip')).toBe(false);
  expect(readField(CONTACT, 'attribute.none')).toBeNull();
  expect(changeOf({ field: 'language', value: null })).toEqual({ language: '' });
  expect(changeOf({ field: 'attribute.city', value: null })).toEqual({ attributes: { city: null } });
  expect(changeOf({ field: 'attribute.vip', value: true })).toEqual({ attributes: { vip: true } });
});

test('nothing is nothing, however it is written', () => {
  expect(differs('', null)).toBe(false);
  expect(differs(false, null)).toBe(true);
  expect(differs('a', 'b')).toBe(true);
});

test.each([
  ['1,234.5', 'number', 1234.5],
  ['1 234', 'number', 1234],
  ['12,5', 'number', 12.5],
  ['-3', 'number', -3],
  ['many', 'number', undefined],
  ['', 'number', null],
  ['true', 'boolean', true],
  ['false', 'boolean', false],
  ['2026-02-01', 'date', '2026-02-01'],
  ['1.2.2026', 'date', undefined],
  [' Pune ', 'text', 'Pune'],
])('%j as %s is %j', (text, type, value) => {
  expect(parseValue(text, type)).toBe(value);
});

import { expect, test } from 'vitest';
import { configOf, contactsSearch, filterOf, isFiltered, sameConfig } from './contactsSearch';
import { exportUrl } from './exportUrl';

test('the address keeps what it knows', () => {
  expect(contactsSearch({ q: 447, tag: 'vip', sort: 'name', other: 'x', channel: '' })).toEqual({ q: '447', tag: 'vip', sort: 'name' });
  expect(contactsSearch({ sort: '-created' })).toEqual({});
  expect(contactsSearch({ sort: 'phone' })).toEqual({});
});

test('filters as the API takes them', () => {
  expect(filterOf({ q: 'a', tag: 'b', sort: 'name', cols: 'name' })).toEqual({ search: 'a', tag: 'b' });
  expect(isFiltered({ sort: 'name', cols: 'name' })).toBe(false);
});

test('a view is the same whatever the order of its parts', () => {
  expect(sameConfig(configOf({ q: 'a', tag: 'b', view: 'viw_1' }), { tag: 'b', q: 'a' })).toBe(true);
  expect(sameConfig(configOf({ q: 'a' }), {})).toBe(false);
});

test('a file obeys the view', () => {
  expect(exportUrl({}, 'csv')).toBe('/v1/contacts/export?format=csv');
  expect(exportUrl({ q: 'a b', cols: 'number,attribute.city' }, 'xlsx')).toBe('/v1/contacts/export?format=xlsx&search=a+b&columns=name%2Cphone%2Cattribute.city');
});

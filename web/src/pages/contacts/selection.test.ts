import { expect, test } from 'vitest';
import { isEmpty, isPicked, IDS_MAX, NOTHING, pickAll, toggle, type Selection } from './selection';

const loaded = (index: number): string | undefined => (index < 5_000 ? `con_${index}` : undefined);
const ids = (selection: Selection): string[] => (selection.kind === 'some' ? [...selection.ids] : ['all']);

test('one by one', () => {
  const one = toggle(NOTHING, 3, false, loaded);
  expect(ids(one)).toEqual(['con_3']);
  expect(isEmpty(toggle(one, 3, false, loaded))).toBe(true);
});

test('a range goes from the last one chosen', () => {
  const picked = toggle(toggle(NOTHING, 5, false, loaded), 2, true, loaded);
  expect(ids(picked).toSorted()).toEqual(['con_2', 'con_3', 'con_4', 'con_5']);
});

test('rows that are not there cannot be chosen, and ids have a limit', () => {
  expect(toggle(NOTHING, 9_000, false, loaded)).toBe(NOTHING);
  expect(ids(toggle(toggle(NOTHING, 0, false, loaded), 4_999, true, loaded))).toHaveLength(IDS_MAX);
});

test('all of them, then one', () => {
  expect(isPicked({ kind: 'all' }, 'con_1')).toBe(true);
  expect(ids(toggle({ kind: 'all' }, 7, false, loaded))).toEqual(['con_7']);
  expect(ids(pickAll(['a', 'b']))).toEqual(['a', 'b']);
});

import { describe, expect, test } from 'vitest';
import { collisions, guessType, identityOf, isKey, keyFrom, samplesOf, withTarget } from './mapping';

const column = (name: string, target: string) => ({ column: name, target, create: null });

describe('mapping', () => {
  test('the phone number comes before other addresses as identity', () => {
    expect(identityOf([column('W', 'whatsapp'), column('P', 'phone')])?.column).toBe('P');
    expect(identityOf([column('N', 'name'), column('W', 'whatsapp')])?.column).toBe('W');
    expect(identityOf([column('N', 'name')])).toBeNull();
  });

  test('two columns may not become the same; left-out ones may', () => {
    expect([...collisions([column('A', 'phone'), column('B', 'phone'), column('C', ''), column('D', '')])]).toEqual(['phone']);
  });

  test.each([['Date of birth', 'date_of_birth'], ['Größe (cm)', 'gro_e_cm'], ['2nd name', 'nd_name'], ['  Café  ', 'cafe'], ['город', ''], ['_x_', 'x']])('%s gives the key %s', (label, key) => {
    expect(keyFrom(label)).toBe(key);
    expect(isKey(keyFrom(label))).toBe(key !== '');
  });

  test.each([
    [['1', '2.5'], 'number'], [['007'], 'text'], [['2026-01-31', ''], 'date'], [['Yes', 'no'], 'boolean'], [['a', '1'], 'text'], [[], 'text'], [['31.01.2026'], 'text'],
  ] as const)('%o look like %s', (samples, type) => {
    expect(guessType(samples)).toBe(type);
  });

  test('samples are different values in the order of the file', () => {
    expect(samplesOf(['A', 'B'], [['1', 'x'], ['2', 'x'], ['3', ' y '], ['4', ''], ['5']], 'B')).toEqual(['x', 'y']);
    expect(samplesOf(['A'], [['1']], 'nowhere')).toEqual([]);
  });

  test('choosing a target changes one column and drops what it was to create', () => {
    const before = [column('A', ''), { column: 'B', target: 'attribute.b', create: { type: 'text' as const, label: 'B' } }];
    expect(withTarget(before, 'B', 'phone')).toEqual([before[0], column('B', 'phone')]);
  });
});

import { describe, expect, test } from 'vitest';
import { addGroup, addRule, depthOf, duplicate, emptyGroup, matchOf, nest, pathOfId, placeOf, plain, prune, removeAt, ruleCount, sameCondition, setMatch, setRule, shift, unnest, withIds, type Node, type PlainGroup } from './condition';

const rule = (field: string, value: unknown = 'x') => ({ field, operator: '=', value });
const SAMPLE: PlainGroup = {
  combinator: 'and',
  not: false,
  rules: [rule('city'), { combinator: 'or', not: true, rules: [rule('tag'), rule('name', '')] }],
};
const fieldsOf = (group: PlainGroup): unknown[] => group.rules.map((node) => ('rules' in node ? fieldsOf(node) : node.field));

describe('condition', () => {
  test('a condition goes to the builder and back unchanged', () => {
    const group = withIds(SAMPLE);
    expect(plain(group)).toEqual(SAMPLE);
    expect(new Set(prune(group, () => true).ids.values()).size).toBe(5);
    expect(sameCondition(withIds(SAMPLE), withIds(SAMPLE))).toBe(true);
  });

  test.each([['all', 'and', false], ['any', 'or', false], ['none', 'or', true], ['notAll', 'and', true]] as const)('%s is %s with not %s', (match, combinator, not) => {
    const group = setMatch(emptyGroup(), [], match);
    expect([group.combinator, group.not, matchOf(group)]).toEqual([combinator, not, match]);
  });

  test('rules are added, moved, copied, nested, dissolved and removed without touching the rest', () => {
    let group = withIds(SAMPLE);
    group = addRule(group, [], rule('language'));
    expect(fieldsOf(plain(group))).toEqual(['city', ['tag', 'name'], 'language']);
    group = shift(group, [2], 'up');
    expect(fieldsOf(plain(group))).toEqual(['city', ['tag', 'name', 'language']]);
    group = shift(shift(shift(group, [1, 2], 'up'), [1, 1], 'up'), [1, 0], 'up');
    expect(fieldsOf(plain(group))).toEqual(['city', 'language', ['tag', 'name']]);
    group = duplicate(group, [0]);
    expect(fieldsOf(plain(group))).toEqual(['city', 'city', 'language', ['tag', 'name']]);
    expect(group.rules[0]?.id).not.toBe(group.rules[1]?.id);
    group = nest(group, [1]);
    expect(fieldsOf(plain(group))).toEqual(['city', ['city'], 'language', ['tag', 'name']]);
    group = unnest(group, [3]);
    expect(fieldsOf(plain(group))).toEqual(['city', ['city'], 'language', 'tag', 'name']);
    group = removeAt(group, [1]);
    expect(fieldsOf(plain(group))).toEqual(['city', 'language', 'tag', 'name']);
    group = addGroup(group, [], rule('country'));
    expect(fieldsOf(plain(group))).toEqual(['city', 'language', 'tag', 'name', ['country']]);
    expect([ruleCount(group), depthOf(group)]).toEqual([5, 2]);
  });

  test('a rule changes in one step, at any depth, and keeps its id', () => {
    const group = withIds(SAMPLE);
    const before = (group.rules[1] as { rules: Node[] }).rules[0]?.id;
    const after = setRule(group, [1, 0], { field: 'name', operator: 'contains', value: 'a' });
    expect((after.rules[1] as { rules: Node[] }).rules[0]).toEqual({ id: before, field: 'name', operator: 'contains', value: 'a' });
    expect(after.rules[0]).toBe(group.rules[0]);
    expect(pathOfId(after, before ?? '')).toEqual([1, 0]);
  });

  test('what is not finished is left out, and places still name the right rule', () => {
    const group = withIds({ combinator: 'and', not: false, rules: [rule('a', ''), { combinator: 'or', not: false, rules: [rule('b', '')] }, { combinator: 'or', not: false, rules: [rule('c', ''), rule('d')] }] });
    const { condition, ids, left } = prune(group, (one) => one.value !== '');
    expect(condition).toEqual({ combinator: 'and', not: false, rules: [{ combinator: 'or', not: false, rules: [rule('d')] }] });
    expect(left).toBe(3);
    expect(pathOfId(group, ids.get('/rules/0/rules/0') ?? '')).toEqual([2, 1]);
    expect(ids.has('/rules/1')).toBe(false);
  });

  test.each([
    ['/condition/rules/0/value', '/rules/0'],
    ['/condition/rules/0/rules/2/value/where/1/property', '/rules/0/rules/2'],
    ['/rules/3', '/rules/3'],
    ['/condition', ''],
    ['/condition/rules', ''],
    ['/condition/rules/1/rules', '/rules/1'],
    ['/name', null],
  ])('%s is the place %s', (pointer, place) => {
    expect(placeOf(pointer)).toBe(place);
  });
});

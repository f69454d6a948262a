import { expect, test } from 'vitest';
import type { RoutingAction, RoutingRules } from '../../api/types';
import { bodyOf, draftOf, inserted, moved, ruleOf, sameList, withDecision, withoutRule, withRule } from './rules';

const close: RoutingAction = { type: 'close' };
const tag: RoutingAction = { type: 'tag', tag: 'new' };
const answer: RoutingAction = { type: 'answer', text: 'Hello' };
const rule = (id: string, actions: RoutingAction[] = [close]): RoutingRules['rules'][number] => ({
  id, name: `Rule ${id}`, enabled: true, locked: false, continue: false, words: 'every message', does: [], problem: null, actions,
  condition: { combinator: 'and', not: false, rules: [{ field: 'tag', operator: 'has', value: 'vip' }] },
});
const saved = { rules: [rule('a'), rule('b'), rule('c')], fallback_queue_id: 'que_1' };
const order = (list: ReturnType<typeof draftOf>): string => list.rules.map((one) => one.key).join('');

test('a list that was not changed is sent as it came', () => {
  const list = draftOf(saved);
  const { words, does, problem, ...kept } = saved.rules[0]!;
  expect([words, does, problem]).toEqual(['every message', [], null]);
  expect(bodyOf(list)).toMatchObject({ rules: [kept, {}, {}], fallback_queue_id: 'que_1' });
  expect(sameList(list, draftOf(saved))).toBe(true);
});

test('rules change their places', () => {
  const list = draftOf(saved);
  expect(order(moved(list, 'a', 2))).toBe('bca');
  expect(order(moved(list, 'c', -5))).toBe('cab');
  expect(moved(list, 'x', 0)).toBe(list);
  expect(sameList(moved(list, 'a', 1), list)).toBe(false);
  expect(order(inserted(list, { ...list.rules[0]!, key: 'n' }, 1))).toBe('anbc');
  expect(order(withoutRule(list, 'b'))).toBe('ac');
});

test('a rule that decides something does not go on', () => {
  const list = withRule(draftOf(saved), 'a', { goesOn: true });
  expect(bodyOf(list).rules[0]!.continue).toBe(false);
  expect(bodyOf(withRule(list, 'a', { actions: [tag] })).rules[0]!.continue).toBe(true);
});

test('another decision takes the place of the old one', () => {
  const queue: RoutingAction = { type: 'queue', queue_id: 'que_1', priority: 1 };
  expect(withDecision([tag, close, answer], queue)).toEqual([tag, queue, answer]);
  expect(withDecision([tag], queue)).toEqual([queue, tag]);
  expect(withDecision([tag, close], null)).toEqual([tag]);
});

test('an error is found by its rule', () => {
  expect(ruleOf('/rules/3/condition/rules/0/value')).toEqual({ at: 3, rest: '/condition/rules/0/value' });
  expect(ruleOf('/draft/rules/0')).toEqual({ at: 0, rest: '' });
  expect(ruleOf('/fallback_queue_id')).toBeNull();
});

import { describe, expect, test } from 'vitest';
import { fieldOf, firstRule, firstValue, grouped, isFinished, valueKind, withOperator, type Field } from './fields';

const field = (name: string, type: string, more: Partial<Field> = {}): Field => ({ name, label: name, type, group: 'Contact', operators: [{ name: '=', label: 'is' }, { name: 'in', label: 'is any of' }], choices: null, ...more });
const CITY = field('attribute.city', 'text');
const AGE = field('attribute.age', 'number');
const SEEN = field('last_inbound_at', 'datetime');
const PLAN = field('attribute.plan', 'choice', { choices: [{ value: 'gold', label: 'gold' }, { value: 'blue', label: 'blue' }], group: 'Attributes' });
const FIELDS = [CITY, AGE, SEEN, PLAN, field('event.order', 'event', { group: 'Events', operators: [{ name: 'happened', label: 'happened' }] })];

describe('fields', () => {
  test.each([
    [CITY, '=', 'text'], [CITY, 'notIn', 'texts'], [CITY, 'null', 'none'], [AGE, 'between', 'numbers'], [SEEN, 'inLast', 'relative'], [SEEN, '<', 'datetime'],
    [PLAN, '=', 'choice'], [PLAN, 'in', 'choices'], [field('country', 'country'), 'in', 'choices'], [field('consent.sms', 'consent'), '=', 'choice'], [field('tag', 'tag'), 'has', 'tag'],
  ] as const)('%o with %s takes a %s', (one, operator, kind) => {
    expect(valueKind(one, operator)).toBe(kind);
  });

  test('the value stays where the next operator takes the same kind, and is turned into a list or out of it', () => {
    const rule = { field: CITY.name, operator: '=', value: 'Pune' };
    expect(withOperator(rule, CITY, 'contains')).toEqual({ operator: 'contains', value: 'Pune' });
    expect(withOperator(rule, CITY, 'in')).toEqual({ operator: 'in', value: ['Pune'] });
    expect(withOperator({ ...rule, operator: 'in', value: ['Pune', 'Goa'] }, CITY, '=')).toEqual({ operator: '=', value: 'Pune' });
    expect(withOperator({ ...rule, operator: '=', value: 30 }, AGE, 'between')).toEqual({ operator: 'between', value: [30, null] });
    expect(withOperator({ ...rule, operator: 'between', value: [30, 40] }, AGE, '<')).toEqual({ operator: '<', value: 30 });
    expect(withOperator(rule, CITY, 'null')).toEqual({ operator: 'null', value: null });
  });

  test.each([
    [CITY, '=', '', false], [CITY, '=', ' ', false], [CITY, '=', 'x', true], [CITY, 'in', [], false], [CITY, 'in', ['x'], true], [CITY, 'null', null, true],
    [AGE, '=', null, false], [AGE, '=', 0, true], [AGE, 'between', [1, null], false], [AGE, 'between', [1, 2], true],
    [SEEN, 'inLast', { amount: null, unit: 'days' }, false], [SEEN, 'inLast', { amount: 7, unit: 'days' }, true],
    [fieldOf(FIELDS, 'event.order'), 'happened', { at_least: 1, within: null, where: [{ property: '', operator: '=', value: '' }] }, false],
    [fieldOf(FIELDS, 'event.order'), 'happened', { at_least: 1, within: null, where: [{ property: 'sku', operator: 'notNull' }] }, true],
    [field('made.up', 'text'), '=', '', true],
  ] as const)('%o %s %o is finished: %s', (one, operator, value, finished) => {
    expect(isFinished({ field: one?.name ?? '', operator, value }, FIELDS)).toBe(finished);
  });

  test('an event that never came is a field all the same', () => {
    expect(fieldOf(FIELDS, 'event.never seen')).toMatchObject({ label: 'never seen', type: 'event', group: 'Events' });
    expect(fieldOf(FIELDS, 'event.')).toBeUndefined();
    expect(fieldOf(FIELDS, 'nothing')).toBeUndefined();
  });

  test('a rule begins with the first operator and a value of its kind', () => {
    expect(firstRule(FIELDS)).toEqual({ field: CITY.name, operator: '=', value: '' });
    expect(firstValue(PLAN, '=')).toBe('gold');
    expect(grouped(FIELDS).map(({ group, items }) => [group, items.length])).toEqual([['Contact', 3], ['Attributes', 1], ['Events', 1]]);
  });
});

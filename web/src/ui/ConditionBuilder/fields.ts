/** What a field of the catalog can be compared with: which editor, which value to begin with, when a rule is finished. Pure. */
import type { ConditionField } from '../../api/types';
import type { Rule } from './condition';

export type Field = ConditionField;
export type Operator = Field['operators'][number];
export type Choice = NonNullable<Field['choices']>[number];

export interface Relative { amount: number; unit: string }
export interface Where { property: string; operator: string; value?: unknown }
export interface Happening { at_least: number; within: Relative | null; channel?: string | null; where?: Where[] }

export type ValueKind =
  | 'none' | 'text' | 'texts' | 'number' | 'numbers' | 'date' | 'dates' | 'datetime' | 'datetimes' | 'relative' | 'boolean'
  | 'choice' | 'choices' | 'tag' | 'segment' | 'campaign' | 'event' | 'message';

export const UNITS = ['minutes', 'hours', 'days', 'weeks'] as const;
export const DAY_UNITS = ['days', 'weeks'] as const;
export const WHERE_OPERATORS = ['=', '!=', 'contains', '<', '<=', '>', '>=', 'notNull'] as const;

const NO_VALUE = new Set(['null', 'notNull']);
const RANGE = new Set(['between', 'notBetween']);
const RELATIVE = new Set(['inLast', 'notInLast']);
const LIST = new Set(['in', 'notIn', 'containsAny', 'containsNone']);

export function valueKind(field: Pick<Field, 'type' | 'choices'>, operator: string): ValueKind {
  if (NO_VALUE.has(operator)) return 'none';
  switch (field.type) {
    case 'number': return RANGE.has(operator) ? 'numbers' : 'number';
    case 'date':
    case 'datetime': {
      if (RELATIVE.has(operator)) return 'relative';
      if (RANGE.has(operator)) return field.type === 'date' ? 'dates' : 'datetimes';
      return field.type;
    }
    case 'boolean':
    case 'tag':
    case 'segment':
    case 'campaign':
    case 'event':
    case 'message': return field.type;
    case 'consent':
    case 'reachable': return 'choice';
    case 'choice':
    case 'named':
    case 'country':
      // Where nobody knows the values yet they are typed.
      if (field.choices?.length === 0) return LIST.has(operator) ? 'texts' : 'text';
      return LIST.has(operator) ? 'choices' : 'choice';
    default: return LIST.has(operator) ? 'texts' : 'text';
  }
}

const EVENT = 'event.';
const HAPPENED: Operator[] = [{ name: 'happened', label: 'happened' }, { name: 'didNotHappen', label: 'did not happen' }];

/** The field of a rule. An event that never came yet is in no catalog, and can be asked for all the same. */
export function fieldOf(fields: readonly Field[], name: string): Field | undefined {
  const known = fields.find((field) => field.name === name);
  if (known || !name.startsWith(EVENT) || name === EVENT) return known;
  const like = fields.find((field) => field.type === 'event');
  return { name, label: name.slice(EVENT.length), type: 'event', group: like?.group ?? 'Events', operators: like?.operators ?? HAPPENED, choices: null };
}

const WEEK: Relative = { amount: 7, unit: 'days' };

export function firstValue(field: Field, operator: string): unknown {
  switch (valueKind(field, operator)) {
    case 'none': return null;
    case 'texts':
    case 'choices': return [];
    case 'numbers':
    case 'dates':
    case 'datetimes': return [null, null];
    case 'boolean': return true;
    case 'relative': return { ...WEEK };
    case 'choice': return field.type === 'country' ? '' : (field.choices?.[0]?.value ?? '');
    case 'event': return { at_least: 1, within: null, where: [] } satisfies Happening;
    case 'message': return { at_least: 1, within: { ...WEEK }, channel: null } satisfies Happening;
    case 'number': return null;
    default: return '';
  }
}

export function firstRule(fields: readonly Field[], name?: string): Omit<Rule, 'id'> {
  const field = fields.find((one) => one.name === name) ?? fields[0];
  const operator = field?.operators[0]?.name ?? '=';
  return { field: field?.name ?? '', operator, value: field ? firstValue(field, operator) : '' };
}

/** The rule after another operator was chosen: the value stays where the new operator takes the same kind. */
export function withOperator(rule: Rule, field: Field, operator: string): Pick<Rule, 'operator' | 'value'> {
  const before = valueKind(field, rule.operator);
  const after = valueKind(field, operator);
  const value = rule.value as unknown;
  if (before === after) return { operator, value };
  const one = Array.isArray(value) ? (value[0] as unknown) : value;
  const present = one !== null && one !== undefined && one !== '';
  if (before === 'text' && after === 'texts') return { operator, value: present ? [one] : [] };
  if (before === 'choice' && after === 'choices') return { operator, value: present ? [one] : [] };
  if ((before === 'texts' && after === 'text') || (before === 'choices' && after === 'choice')) return { operator, value: present ? one : firstValue(field, operator) };
  if (`${before}s` === after) return { operator, value: [value ?? null, null] };
  if (before === `${after}s`) return { operator, value: one ?? firstValue(field, operator) };
  return { operator, value: firstValue(field, operator) };
}

const filled = (value: unknown): boolean => value !== null && value !== undefined && value !== '' && !(typeof value === 'string' && value.trim() === '');
const amountOk = (value: unknown): boolean => {
  const { amount, unit } = (value ?? {}) as Partial<Relative>;
  return typeof amount === 'number' && amount > 0 && typeof unit === 'string';
};

function happeningOk(value: unknown): boolean {
  const { at_least: least, within, where } = (value ?? {}) as Partial<Happening>;
  if (typeof least !== 'number' || least < 1) return false;
  if (within && !amountOk(within)) return false;
  return (where ?? []).every((one) => filled(one.property) && (NO_VALUE.has(one.operator) || filled(one.value)));
}

/** True when the rule can be asked of the server; an unfinished one is left out of the count and said so. */
export function isFinished(rule: Rule, fields: readonly Field[]): boolean {
  const field = fieldOf(fields, rule.field);
  if (!field) return true; // an unknown field is for the server to name, not to be hidden
  const value = rule.value as unknown;
  switch (valueKind(field, rule.operator)) {
    case 'none':
    case 'boolean': return true;
    case 'texts':
    case 'choices': return Array.isArray(value) && value.length > 0;
    case 'numbers':
    case 'dates':
    case 'datetimes': return Array.isArray(value) && value.length === 2 && value.every(filled);
    case 'relative': return amountOk(value);
    case 'event':
    case 'message': return happeningOk(value);
    default: return filled(value);
  }
}

/** Fields by their group, in the order of the catalog. */
export function grouped(fields: readonly Field[]): { group: string; items: { value: string; label: string }[] }[] {
  const groups = new Map<string, { value: string; label: string }[]>();
  for (const field of fields) groups.set(field.group, [...(groups.get(field.group) ?? []), { value: field.name, label: field.label }]);
  return [...groups].map(([group, items]) => ({ group, items }));
}

/** A rule's value, and a whole condition, in short words. */
import type { TFunction } from 'i18next';
import { isGroup, matchOf, type Group, type Node } from './condition';
import { fieldOf, type Field, type Happening, type Relative } from './fields';

const isRelative = (value: object): value is Relative => 'amount' in value && 'unit' in value;
const isHappening = (value: object): value is Happening => 'at_least' in value;

const relative = (value: Relative, t: TFunction): string => `${value.amount} ${t(`conditions:units.${value.unit}`, { count: value.amount })}`;

function happening(value: Happening, t: TFunction): string {
  const times = `${t('conditions:atLeast')} ${value.at_least} ${t('conditions:timesWord', { count: value.at_least })}`;
  const since = value.within ? `${t('conditions:inTheLast')} ${relative(value.within, t)}` : t('conditions:ever');
  const channel = value.channel ? t(`common:channel.${value.channel}`, value.channel) : '';
  const where = (value.where ?? []).map((one) => `${t('conditions:where')} ${one.property} ${t(`conditions:whereOperators.${one.operator}`, one.operator)} ${one.value === undefined || one.value === null ? '' : String(one.value as string)}`.trim());
  return [times, since, channel, ...where].filter(Boolean).join(', ');
}

export function valueWords(value: unknown, field: Field | undefined, t: TFunction): string {
  if (value === null || value === undefined) return '';
  if (Array.isArray(value)) return value.map((one) => valueWords(one, field, t)).join(', ');
  if (typeof value === 'boolean') return t(value ? 'conditions:yes' : 'conditions:no');
  if (typeof value === 'object') {
    if (isRelative(value)) return relative(value, t);
    return isHappening(value) ? happening(value, t) : JSON.stringify(value);
  }
  return field?.choices?.find((choice) => choice.value === value)?.label ?? String(value as string | number);
}

/** `intent is refund and (tag is vip or city is Pune)`; an empty text for a condition without rules. */
export function conditionWords(group: Group, fields: readonly Field[], t: TFunction): string {
  const one = (node: Node): string => {
    if (isGroup(node)) return `${node.not ? `${t('conditions:not')} ` : ''}(${joined(node)})`;
    const field = fieldOf(fields, node.field);
    const operator = field?.operators.find((each) => each.name === node.operator);
    return `${field?.label ?? node.field} ${operator?.label ?? node.operator} ${valueWords(node.value as unknown, field, t)}`.trim();
  };
  const joined = (inner: Group): string => (inner.rules as Node[]).map(one).join(` ${t(/any|none/.test(matchOf(inner)) ? 'conditions:orWord' : 'conditions:andWord')} `);
  if (group.rules.length === 0) return '';
  return group.not ? `${t('conditions:not')} (${joined(group)})` : joined(group);
}

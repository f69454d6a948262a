/** A rule's value in short words. */
import type { TFunction } from 'i18next';
import type { Field, Happening, Relative } from '../../ui/ConditionBuilder/fields';

const isRelative = (value: object): value is Relative => 'amount' in value && 'unit' in value;
const isHappening = (value: object): value is Happening => 'at_least' in value;

const relative = (value: Relative, t: TFunction<'segments'>): string => `${value.amount} ${t(`conditions:units.${value.unit}`, { count: value.amount })}`;

function happening(value: Happening, t: TFunction<'segments'>): string {
  const times = `${t('conditions:atLeast')} ${value.at_least} ${t('conditions:timesWord', { count: value.at_least })}`;
  const since = value.within ? `${t('conditions:inTheLast')} ${relative(value.within, t)}` : t('conditions:ever');
  const channel = value.channel ? t(`common:channel.${value.channel}`, value.channel) : '';
  const where = (value.where ?? []).map((one) => `${t('conditions:where')} ${one.property} ${t(`conditions:whereOperators.${one.operator}`, one.operator)} ${one.value === undefined || one.value === null ? '' : String(one.value as string)}`.trim());
  return [times, since, channel, ...where].filter(Boolean).join(', ');
}

export function valueWords(value: unknown, field: Field | undefined, t: TFunction<'segments'>): string {
  if (value === null || value === undefined) return '';
  if (Array.isArray(value)) return value.map((one) => valueWords(one, field, t)).join(', ');
  if (typeof value === 'boolean') return t(value ? 'conditions:yes' : 'conditions:no');
  if (typeof value === 'object') {
    if (isRelative(value)) return relative(value, t);
    return isHappening(value) ? happening(value, t) : JSON.stringify(value);
  }
  return field?.choices?.find((choice) => choice.value === value)?.label ?? String(value as string | number);
}

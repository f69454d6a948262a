import { ActionIcon, Button, NumberInput, Select, TextInput } from '@mantine/core';
import { IconPlus, IconX } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import classes from './builder.module.css';
import { WHERE_OPERATORS, type Happening, type Relative, type Where } from './fields';
import { RelativeValue } from './ValueEditor';

const CHANNELS = ['sms', 'whatsapp', 'rcs', 'voice'] as const;
const WHERE_MAX = 5;
const TIMES_MAX = 1_000;
const FIRST_WINDOW: Relative = { amount: 7, unit: 'days' };

interface HappeningProps { label: string; value: Happening; readOnly: boolean; onChange: (value: unknown) => void; about: 'event' | 'message' }

/** A property's value as it was typed: a number where it is one, because events carry numbers as numbers. */
function typed(value: string): unknown {
  const trimmed = value.trim();
  return trimmed !== '' && /^-?\d+(\.\d+)?$/.test(trimmed) ? Number(trimmed) : value;
}

function WhereRow({ where, label, readOnly, onChange, onRemove }: { where: Where; label: string; readOnly: boolean; onChange: (where: Where) => void; onRemove: () => void }) {
  const { t } = useTranslation('conditions');
  return (
    <span className={classes.where}>
      <span className={classes.whereWord}>{t('where')}</span>
      <TextInput className={classes.property} aria-label={t('property', { label })} placeholder={t('propertyName')} value={where.property} disabled={readOnly} onChange={(event) => onChange({ ...where, property: event.currentTarget.value })} />
      <Select
        className={classes.whereOperator}
        aria-label={t('propertyOperator', { label })}
        data={WHERE_OPERATORS.map((value) => ({ value, label: t(`whereOperators.${value}`) }))}
        value={where.operator}
        disabled={readOnly}
        allowDeselect={false}
        comboboxProps={{ width: 170, position: 'bottom-start' }}
        onChange={(operator) => operator && onChange({ ...where, operator })}
      />
      {where.operator !== 'notNull' && (
        <TextInput className={classes.property} aria-label={t('propertyValue', { label })} placeholder={t('text')} value={where.value === null || where.value === undefined ? '' : String(where.value as string)} disabled={readOnly} onChange={(event) => onChange({ ...where, value: typed(event.currentTarget.value) })} />
      )}
      {!readOnly && <ActionIcon variant="subtle" color="gray" size={28} aria-label={t('removeProperty', { label })} onClick={onRemove}><IconX size={15} aria-hidden /></ActionIcon>}
    </span>
  );
}

/** How often, since when, on which channel, and with which properties something happened. */
export function HappeningEditor({ label, value, readOnly, onChange, about }: HappeningProps) {
  const { t } = useTranslation('conditions');
  const least = value?.at_least ?? 1;
  const within = value?.within ?? null;
  const where = value?.where ?? [];
  const set = (change: Partial<Happening>): void => onChange({ ...value, ...change });
  return (
    <span className={classes.happening}>
      <span className={classes.range}>
        <span>{t('atLeast')}</span>
        <NumberInput className={classes.amount} aria-label={t('times', { label })} min={1} max={TIMES_MAX} allowDecimal={false} allowNegative={false} hideControls value={least} disabled={readOnly} onChange={(next) => set({ at_least: Number(next) || 0 })} />
        <span>{t('timesWord', { count: least })}</span>
        <Select
          className={classes.window}
          aria-label={t('window', { label })}
          data={[{ value: 'ever', label: t('ever') }, { value: 'within', label: t('inTheLast') }]}
          value={within ? 'within' : 'ever'}
          disabled={readOnly}
          allowDeselect={false}
          onChange={(next) => set({ within: next === 'within' ? FIRST_WINDOW : null })}
        />
        {within && <RelativeValue label={label} value={within} readOnly={readOnly} onChange={(next) => set({ within: next as Relative })} />}
        {about === 'message' && (
          <Select
            className={classes.window}
            aria-label={t('channel', { label })}
            data={[{ value: '', label: t('anyChannel') }, ...CHANNELS.map((kind) => ({ value: kind, label: t(`common:channel.${kind}`) }))]}
            value={value?.channel ?? ''}
            disabled={readOnly}
            allowDeselect={false}
            onChange={(next) => set({ channel: next || null })}
          />
        )}
      </span>
      {about === 'event' && where.map((one, at) => (
        <WhereRow
          key={at}
          where={one}
          label={label}
          readOnly={readOnly}
          onChange={(next) => set({ where: where.map((old, index) => (index === at ? next : old)) })}
          onRemove={() => set({ where: where.filter((_, index) => index !== at) })}
        />
      ))}
      {about === 'event' && !readOnly && where.length < WHERE_MAX && (
        <Button className={classes.addWhere} size="xs" variant="subtle" leftSection={<IconPlus size={13} aria-hidden />} onClick={() => set({ where: [...where, { property: '', operator: '=', value: '' }] })}>{t('addWhere')}</Button>
      )}
    </span>
  );
}

import { ActionIcon, Button, TextInput } from '@mantine/core';
import { IconPlus, IconTrash } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useForm, type ControlProps } from './context';
import { errorAt } from './errors';
import classes from './inspector.module.css';
import { isRecord, type Control as Kind } from './schema';
import { fieldName } from './words';

type Row = [string, unknown];
const shownValue = (value: unknown): string => (value === null || value === undefined ? '' : typeof value === 'string' ? value : String(value as number | boolean));

/** A number or yes and no, where one was written and more than texts are possible. */
const scalar = (text: string): unknown => (/^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text === 'true' ? true : text === 'false' ? false : text);

interface PairsProps extends ControlProps { control: Extract<Kind, { kind: 'pairs' }> }

/** Names with a value each. */
export function PairsField({ name, value, place, onChange, control }: PairsProps) {
  const { t } = useTranslation('flows');
  const { errors, readOnly } = useForm();
  const label = fieldName(t, name);
  const saved = isRecord(value) ? value : {};
  // Rows whose name is empty or stands twice cannot be kept in an object: they wait here.
  const [rows, setRows] = useState<Row[]>(() => Object.entries(saved));
  const kept = Object.fromEntries(rows.filter(([key]) => key !== ''));
  const shown = JSON.stringify(kept) === JSON.stringify(saved) ? rows : Object.entries(saved);
  const set = (next: Row[]): void => {
    setRows(next);
    onChange(Object.fromEntries(next.filter(([key]) => key !== '')), place);
  };
  const wrong = errorAt(errors, place);
  return (
    <fieldset className={classes.group} data-place={place}>
      <legend>{label}</legend>
      {wrong && <p className={classes.wrong} role="alert">{wrong}</p>}
      {shown.map(([key, each], nth) => (
        <div key={nth} className={classes.pair}>
          <TextInput aria-label={t('form.pairName', { name: label, place: nth + 1 })} placeholder={t('form.pairNameHint')} maxLength={control.keyMax} value={key} disabled={readOnly} onChange={(event) => set(shown.map((row, at) => (at === nth ? [event.currentTarget.value, row[1]] : row)))} />
          <TextInput aria-label={t('form.pairValue', { name: label, place: nth + 1 })} placeholder={t('form.pairValueHint')} value={shownValue(each)} disabled={readOnly} onChange={(event) => set(shown.map((row, at) => (at === nth ? [row[0], control.scalars ? scalar(event.currentTarget.value) : event.currentTarget.value] : row)))} />
          {!readOnly && <ActionIcon variant="subtle" color="gray" size={32} aria-label={t('form.remove', { name: label, place: nth + 1 })} onClick={() => set(shown.filter((_, at) => at !== nth))}><IconTrash size={15} aria-hidden /></ActionIcon>}
        </div>
      ))}
      {!readOnly && <Button className={classes.addItem} variant="default" size="xs" leftSection={<IconPlus size={14} aria-hidden />} onClick={() => setRows([...shown, ['', '']])}>{t('form.add')}<span className="visually-hidden"> {t('form.addTo', { name: label })}</span></Button>}
    </fieldset>
  );
}

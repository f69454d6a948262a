import { Autocomplete, MultiSelect, NumberInput, Select, TagsInput, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { tagsQuery } from '../../api/contacts';
import { formatCount } from '../numbers';
import classes from './builder.module.css';
import type { Rule } from './condition';
import { DAY_UNITS, UNITS, valueKind, type Choice, type Field, type Happening, type Relative } from './fields';
import { HappeningEditor } from './HappeningEditor';
import { fromLocalInput, toLocalInput } from './localTime';

interface EditorProps<T> { label: string; value: T; readOnly: boolean; onChange: (value: unknown) => void }

const text = (value: unknown): string => (typeof value === 'string' || typeof value === 'number' ? String(value) : '');
const pair = (value: unknown): [unknown, unknown] => (Array.isArray(value) ? [value[0], value[1]] : [null, null]);
const numeric = (value: string | number): number | null => (value === '' || !Number.isFinite(Number(value)) ? null : Number(value));

function NumberValue({ label, value, readOnly, onChange }: EditorProps<unknown>) {
  return (
    <NumberInput
      className={classes.number}
      aria-label={label}
      hideControls
      value={typeof value === 'number' ? value : ''}
      disabled={readOnly}
      onChange={(next) => onChange(numeric(next))}
    />
  );
}

/** A day; an instant, which only the API or words bring, keeps its time of day. */
function DateValue({ label, value, readOnly, onChange }: EditorProps<unknown>) {
  const shown = text(value);
  const instant = shown.includes('T');
  return (
    <TextInput
      type={instant ? 'datetime-local' : 'date'}
      className={instant ? classes.time : classes.date}
      aria-label={label}
      min={instant ? undefined : '1000-01-01'}
      max={instant ? undefined : '9000-12-31'}
      value={instant ? toLocalInput(shown) : shown}
      disabled={readOnly}
      onChange={(event) => onChange(instant ? fromLocalInput(event.currentTarget.value) : event.currentTarget.value)}
    />
  );
}

function Range({ label, value, readOnly, onChange, of: One }: EditorProps<unknown> & { of: (props: EditorProps<unknown>) => React.ReactNode }) {
  const { t } = useTranslation('conditions');
  const [low, high] = pair(value);
  return (
    <span className={classes.range}>
      <One label={t('from', { label })} value={low} readOnly={readOnly} onChange={(next) => onChange([next, high ?? null])} />
      <span>{t('and')}</span>
      <One label={t('to', { label })} value={high} readOnly={readOnly} onChange={(next) => onChange([low ?? null, next])} />
    </span>
  );
}

/** `7 days`: an amount and its unit. */
export function RelativeValue({ label, value, readOnly, onChange, units = UNITS }: EditorProps<Relative> & { units?: readonly string[] }) {
  const { t } = useTranslation('conditions');
  return (
    <span className={classes.range}>
      <NumberInput
        className={classes.amount}
        aria-label={t('amount', { label })}
        min={1}
        max={10_000}
        allowDecimal={false}
        allowNegative={false}
        hideControls
        value={value.amount}
        disabled={readOnly}
        onChange={(next) => onChange({ ...value, amount: numeric(next) })}
      />
      <Select
        className={classes.unit}
        aria-label={t('unit', { label })}
        data={units.map((unit) => ({ value: unit, label: t(`units.${unit}`, { count: value.amount || 2 }) }))}
        value={value.unit}
        disabled={readOnly}
        allowDeselect={false}
        onChange={(unit) => unit && onChange({ ...value, unit })}
      />
    </span>
  );
}

function TagValue({ label, value, readOnly, onChange }: EditorProps<unknown>) {
  const { t } = useTranslation('conditions');
  const { data } = useQuery(tagsQuery);
  const people = new Map(data?.items.map((row) => [row.tag, row.contacts]));
  return (
    <Autocomplete
      className={classes.value}
      aria-label={label}
      placeholder={t('tag')}
      data={[...people.keys()]}
      limit={30}
      value={text(value)}
      disabled={readOnly}
      selectFirstOptionOnChange={false}
      renderOption={({ option }) => <span className={classes.option}><bdi>{option.value}</bdi><small>{formatCount(people.get(option.value) ?? 0)}</small></span>}
      onChange={onChange}
    />
  );
}

/** A segment or a campaign, by name. One that is gone stays visible, so that the rule can be mended. */
function PickValue({ label, value, readOnly, onChange, choices, placeholder }: EditorProps<unknown> & { choices: Choice[]; placeholder: string }) {
  const { t } = useTranslation('conditions');
  const id = text(value);
  const missing = id !== '' && !choices.some((choice) => choice.value === id);
  return (
    <Select
      className={classes.value}
      aria-label={label}
      placeholder={placeholder}
      data={missing ? [...choices, { value: id, label: t('gone') }] : choices}
      value={id || null}
      disabled={readOnly}
      searchable
      allowDeselect={false}
      limit={100}
      nothingFoundMessage={t('nothing')}
      onChange={(next) => onChange(next ?? '')}
    />
  );
}

function BooleanValue({ label, value, readOnly, onChange }: EditorProps<unknown>) {
  const { t } = useTranslation('conditions');
  return (
    <Select
      className={classes.choice}
      aria-label={label}
      data={[{ value: 'true', label: t('yes') }, { value: 'false', label: t('no') }]}
      value={value === false ? 'false' : 'true'}
      disabled={readOnly}
      allowDeselect={false}
      onChange={(next) => onChange(next === 'true')}
    />
  );
}

/** Countries by their names in the reader's language, in its order. */
function countries(choices: Choice[]): Choice[] {
  const language = document.documentElement.lang || 'en';
  const names = new Intl.DisplayNames(language, { type: 'region' });
  return choices.map(({ value }) => ({ value, label: names.of(value) ?? value })).toSorted((one, other) => one.label.localeCompare(other.label, language));
}

interface ValueEditorProps { rule: Rule; field: Field; place: string; readOnly: boolean; onChange: (value: unknown) => void }

/** The control that fits the type of the field and the operator. */
export function ValueEditor({ rule, field, place, readOnly, onChange }: ValueEditorProps) {
  const { t } = useTranslation('conditions');
  const value = rule.value as unknown;
  const label = t('value', { place });
  const props = { label, value, readOnly, onChange };
  const choices = field.type === 'country' ? countries(field.choices ?? []) : (field.choices ?? []);
  switch (valueKind(field, rule.operator)) {
    case 'none': return null;
    case 'number': return <NumberValue {...props} />;
    case 'numbers': return <Range {...props} of={NumberValue} />;
    case 'date':
    case 'datetime': return <DateValue {...props} />;
    case 'dates':
    case 'datetimes': return <Range {...props} of={DateValue} />;
    case 'relative': return <RelativeValue {...props} value={(value ?? { amount: 7, unit: 'days' }) as Relative} units={field.type === 'date' ? DAY_UNITS : UNITS} />;
    case 'boolean': return <BooleanValue {...props} />;
    case 'choice': return (
      <Select className={choices.length > 8 ? classes.value : classes.choice} aria-label={label} placeholder={t('text')} data={choices} value={text(value) || null} disabled={readOnly} searchable={choices.length > 8} allowDeselect={false} nothingFoundMessage={t('nothing')} onChange={(next) => onChange(next ?? '')} />
    );
    case 'choices': return (
      <MultiSelect className={classes.list} aria-label={label} data={choices} value={Array.isArray(value) ? value.map(text) : []} disabled={readOnly} searchable hidePickedOptions nothingFoundMessage={t('nothing')} onChange={onChange} />
    );
    case 'texts': return (
      <TagsInput className={classes.list} aria-label={label} placeholder={t('list')} value={Array.isArray(value) ? value.map(text) : []} disabled={readOnly} splitChars={[',', ';', '\n']} onChange={onChange} />
    );
    case 'tag': return <TagValue {...props} />;
    case 'segment': return <PickValue {...props} choices={choices} placeholder={t('segment')} />;
    case 'campaign': return <PickValue {...props} choices={choices} placeholder={t('campaign')} />;
    case 'event': return <HappeningEditor {...props} value={value as Happening} about="event" />;
    case 'message': return <HappeningEditor {...props} value={value as Happening} about="message" />;
    default: return <TextInput className={classes.value} aria-label={label} placeholder={t('text')} value={text(value)} disabled={readOnly} dir="auto" onChange={(event) => onChange(event.currentTarget.value)} />;
  }
}

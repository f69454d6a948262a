import { NumberInput, Select, Textarea, TextInput } from '@mantine/core';
import { lazy, Suspense } from 'react';
import { useTranslation } from 'react-i18next';
import { CheckBox } from '../../../../ui/CheckBox';
import { ConditionField } from './ConditionField';
import { useForm, type ControlProps } from './context';
import { errorAt } from './errors';
import classes from './inspector.module.css';
import { ListField } from './ListField';
import { ObjectFields } from './ObjectFields';
import { PairsField } from './PairsField';
import { PickedField } from './PickedField';
import { blank, controlOf, isRecord, present, resolve } from './schema';
import { TemplateField } from './TemplateField';
import { UnionField } from './UnionField';
import { fieldName, valueName } from './words';

const text = (value: unknown): string => (typeof value === 'string' ? value : typeof value === 'number' ? String(value) : '');

function Duration({ name, value, place, onChange }: ControlProps) {
  const { t } = useTranslation('flows');
  const { errors, readOnly } = useForm();
  const { amount, unit = 'minutes' } = isRecord(value) ? value : {};
  const wrong = errorAt(errors, place);
  return (
    <fieldset className={classes.inline} data-place={place}>
      <legend>{fieldName(t, name)}</legend>
      <NumberInput aria-label={t('form.amount', { name: fieldName(t, name) })} value={typeof amount === 'number' ? amount : ''} min={1} allowDecimal={false} allowNegative={false} disabled={readOnly} error={wrong !== undefined} onChange={(next) => onChange({ amount: typeof next === 'number' ? next : null, unit }, place)} />
      <Select aria-label={t('form.unit', { name: fieldName(t, name) })} data={['seconds', 'minutes', 'hours', 'days', 'weeks'].map((one) => ({ value: one, label: valueName(t, one) }))} value={text(unit)} allowDeselect={false} disabled={readOnly} onChange={(next) => onChange({ amount, unit: next })} />
      {wrong && <p className={classes.wrong}>{wrong}</p>}
    </fieldset>
  );
}

const WordsBox = lazy(() => import('./WordsBox'));
const MICROS = 1_000_000;

/** Texts of a content that templates may fill. */
const FILLED = new Set(['text', 'caption', 'title', 'description', 'header', 'footer', 'label', 'address']);

/** A value of one of several plain types: text, number, yes or no, nothing. */
function Scalar(props: ControlProps) {
  const { t } = useTranslation('flows');
  const { readOnly } = useForm();
  const { name, value, place, onChange } = props;
  const kind = value === null || value === undefined ? 'nothing' : typeof value === 'boolean' ? 'boolean' : typeof value === 'number' ? 'number' : 'text';
  const starts: Record<string, unknown> = { nothing: null, boolean: true, number: 0, text: '' };
  return (
    <div className={classes.stack}>
      <Select label={t('form.kindOf', { name: fieldName(t, name) })} data={Object.keys(starts).map((one) => ({ value: one, label: valueName(t, one) }))} value={kind} allowDeselect={false} disabled={readOnly} onChange={(next) => next && next !== kind && onChange(starts[next])} />
      {kind === 'text' && <TemplateField {...props} schema={{ maxLength: 1_000 }} lines={false} />}
      {kind === 'number' && <NumberInput label={fieldName(t, name)} value={value as number} disabled={readOnly} onChange={(next) => onChange(typeof next === 'number' ? next : 0, place)} />}
      {kind === 'boolean' && <CheckBox checked={value === true} disabled={readOnly} onChange={onChange}>{fieldName(t, name)}</CheckBox>}
    </div>
  );
}

/** Something that may be left out: a box switches it on. */
function Optional(props: ControlProps) {
  const { t } = useTranslation('flows');
  const { root, readOnly, errors } = useForm();
  const { name, schema, value, place, onChange } = props;
  const on = value !== null && value !== undefined;
  const alone = errors.get(place);
  return (
    <div className={classes.optional} data-place={place}>
      <CheckBox checked={on} disabled={readOnly} onChange={(next) => onChange(next ? blank(schema, root) : undefined)}>{fieldName(t, name)}</CheckBox>
      {on && <div className={classes.nested}><Inner {...props} /></div>}
      {!on && alone && <p className={classes.wrong}>{alone}</p>}
    </div>
  );
}

/** The control of one field, by its schema. */
export function Control(props: ControlProps) {
  const { root } = useForm();
  const { nullable } = present(props.schema, root);
  const { kind } = controlOf(props.schema, root);
  const heavy = kind === 'object' || kind === 'duration' || kind === 'content' || kind === 'union';
  return nullable && heavy ? <Optional {...props} /> : <Inner {...props} />;
}

function Inner(props: ControlProps) {
  const { t } = useTranslation('flows');
  const { root, errors, readOnly, content } = useForm();
  const { name, schema, value, place, onChange } = props;
  const control = controlOf(schema, root);
  const { nullable, schema: own } = present(schema, root);
  const label = fieldName(t, name);
  const wrong = errorAt(errors, place);
  const shared = { label, disabled: readOnly, error: wrong, description: own.description, 'data-place': place };
  switch (control.kind) {
    case 'text': {
      if (control.template || (root === content && FILLED.has(name))) return <TemplateField {...props} lines={control.lines} />;
      const change = (next: string): void => onChange(next === '' && nullable ? undefined : next, place);
      if (control.lines) return <Textarea {...shared} autosize minRows={2} maxRows={10} value={text(value)} onChange={(event) => change(event.currentTarget.value)} />;
      return <TextInput {...shared} value={text(value)} onChange={(event) => change(event.currentTarget.value)} />;
    }
    case 'number': return <NumberInput {...shared} value={typeof value === 'number' ? value : typeof own.default === 'number' && value === undefined ? own.default : ''} allowDecimal={!control.whole} {...(control.schema.minimum !== undefined && control.schema.minimum > -1e6 && { min: control.schema.minimum })} {...(control.schema.maximum !== undefined && { max: control.schema.maximum })} {...(!control.whole && control.schema.maximum === 1 && { step: 0.05, decimalScale: 2 })} clampBehavior="blur" onChange={(next) => onChange(typeof next === 'number' ? next : nullable ? undefined : null, place)} />;
    case 'micros': return <NumberInput {...shared} value={typeof value === 'number' ? value / MICROS : 0} min={0} decimalScale={6} onChange={(next) => onChange(typeof next === 'number' ? Math.round(next * MICROS) : 0, place)} />;
    case 'boolean': return <div data-place={place}><CheckBox checked={value === undefined ? own.default === true : value === true} disabled={readOnly} onChange={(next) => onChange(next)}>{label}</CheckBox>{wrong && <p className={classes.wrong}>{wrong}</p>}</div>;
    case 'choice': return <Select {...shared} data={control.values.map((one) => ({ value: one, label: one === '' ? t('form.none') : valueName(t, one) }))} value={text(value ?? own.default)} allowDeselect={false} onChange={(next) => next !== null && onChange(next)} />;
    case 'choices': {
      const chosen = Array.isArray(value) ? (value as string[]) : Array.isArray(own.default) ? (own.default as string[]) : [];
      return (
        <fieldset className={classes.boxes} data-place={place}>
          <legend>{label}</legend>
          {own.description && <p className={classes.hint}>{own.description}</p>}
          <div>{control.values.map((one) => <CheckBox key={one} checked={chosen.includes(one)} disabled={readOnly} onChange={(on) => onChange(control.values.filter((each) => (each === one ? on : chosen.includes(each))))}>{valueName(t, one)}</CheckBox>)}</div>
          {wrong && <p className={classes.wrong}>{wrong}</p>}
        </fieldset>
      );
    }
    case 'time': return <TextInput {...shared} type="time" value={text(value).slice(0, 5)} onChange={(event) => onChange(event.currentTarget.value && `${event.currentTarget.value}:00`, place)} />;
    case 'duration': return <Duration {...props} />;
    case 'scalar': return <Scalar {...props} />;
    case 'words': return (
      <Suspense fallback={<div className="skeleton" style={{ height: 56 }} />}>
        <WordsBox label={label} placeholder={t('form.words')} value={Array.isArray(value) ? (value as string[]) : []} place={place} disabled={readOnly} error={wrong} onChange={onChange} />
      </Suspense>
    );
    case 'pairs': return <PairsField {...props} control={control} />;
    case 'picked': return <PickedField {...props} what={control.what} />;
    case 'condition': return <ConditionField {...props} />;
    case 'content': return <UnionField {...props} root={content} schema={content} inContent />;
    case 'union': return <UnionField {...props} root={root} schema={own} />;
    case 'list': return <ListField {...props} control={control} />;
    case 'object': return (
      <fieldset className={classes.group} data-place={place}>
        <legend>{label}</legend>
        {own.description && <p className={classes.hint}>{own.description}</p>}
        <ObjectFields schema={resolve(control.schema, root)} value={isRecord(value) ? value : {}} place={place} onChange={onChange} />
      </fieldset>
    );
  }
}

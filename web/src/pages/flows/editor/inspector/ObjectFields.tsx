import { Select } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Data } from '../document';
import { useForm } from './context';
import { Control } from './Control';
import classes from './inspector.module.css';
import { blank, fieldsOf, withField, type Schema } from './schema';
import { fieldName } from './words';

interface ObjectProps { schema: Schema; value: Data; place: string; onChange: (value: Data, mark?: string) => void }

/** The fields of an object, one below the other. */
export function ObjectFields({ schema, value, place, onChange }: ObjectProps) {
  const { t } = useTranslation('flows');
  const { root, errors, readOnly } = useForm();
  const oneOf = schema['x-one-of'] ?? [];
  const filled = oneOf.find((name) => value[name] !== undefined && value[name] !== null);
  const [wanted, setWanted] = useState(filled ?? oneOf[0]);
  const chosen = filled ?? wanted;
  const whole = errors.get(place);
  const take = (name: string | null): void => {
    if (name === null || name === chosen) return;
    setWanted(name);
    const rest = Object.fromEntries(Object.entries(value).filter(([other]) => !oneOf.includes(other)));
    onChange({ ...rest, [name]: blank(schema.properties?.[name] ?? {}, root) });
  };
  return (
    <div className={classes.fields}>
      {whole && <p className={classes.wrong} role="alert" data-place={place}>{whole}</p>}
      {oneOf.length > 0 && <Select label={t('form.oneOf')} data={oneOf.map((name) => ({ value: name, label: fieldName(t, name) }))} value={chosen ?? null} allowDeselect={false} disabled={readOnly} onChange={take} />}
      {fieldsOf(schema, value, root, chosen).map(([name, field]) => (
        // What was chosen among several is there for good, so it needs no box to switch it on.
        <Control key={name} name={name} schema={oneOf.includes(name) ? without(field) : field} value={value[name]} place={`${place}/${name}`} siblings={value} onChange={(next, mark) => onChange(withField(schema, value, name, next), mark)} />
      ))}
    </div>
  );
}

/** The schema of a field that must not be null. */
function without(field: Schema): Schema {
  const { anyOf, ...beside } = field;
  const [only] = anyOf?.filter((one) => one.type !== 'null') ?? [];
  return only ? { ...only, ...beside } : field;
}

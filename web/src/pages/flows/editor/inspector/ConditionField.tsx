import { useQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { flowFieldsQuery } from '../../../../api/flows';
import { ConditionBuilder } from '../../../../ui/ConditionBuilder/ConditionBuilder';
import { placeOf, placesOf, plain, withIds, type Group, type PlainGroup } from '../../../../ui/ConditionBuilder/condition';
import type { Field } from '../../../../ui/ConditionBuilder/fields';
import { useDocument } from '../editor';
import { variablesOf } from '../variables';
import { useForm, type ControlProps } from './context';
import classes from './inspector.module.css';
import { isRecord } from './schema';
import { fieldName } from './words';

const NONE: Field[] = [];

/** The contact's fields, the last reply's, and those of the variables that this flow sets. */
function useFields(): Field[] {
  const { t } = useTranslation('flows');
  const document = useDocument();
  const { data } = useQuery(flowFieldsQuery);
  const names = useMemo(() => [...variablesOf(document)].map(([name, kind]) => `${kind}:${name}`).join(' '), [document]);
  return useMemo(() => {
    if (!data) return NONE;
    const own = names.split(' ').filter(Boolean).flatMap((pair) => {
      const [kind = 'text', name = ''] = pair.split(':');
      const like = data.variables.find((one) => one.type === kind);
      return like ? [{ ...like, name: `variable.${name}`, label: name.replaceAll('_', ' '), group: t('form.variables') }] : [];
    });
    return [...data.fields, ...own];
  }, [data, names, t]);
}

export function ConditionField({ name, value, place, onChange }: ControlProps) {
  const { t } = useTranslation('flows');
  const { errors, readOnly } = useForm();
  const fields = useFields();
  const given = (isRecord(value) ? value : null) as PlainGroup | null;
  const [root, setRoot] = useState<Group>(() => withIds(given));
  // The builder's own ids stay, as long as it shows what the step holds.
  const current = given !== null && JSON.stringify(plain(root)) === JSON.stringify(plain(withIds(given))) ? root : withIds(given);
  if (current !== root) setRoot(current);
  const wrong = useMemo(() => {
    const ids = placesOf(current);
    const found = new Map<string, string>();
    for (const [where, words] of errors) {
      if (!where.startsWith(place)) continue;
      const id = ids.get(placeOf(where.slice(place.length)) ?? '');
      if (id !== undefined) found.set(id, words);
    }
    return found;
  }, [errors, place, current]);
  const whole = errors.get(place);
  return (
    <fieldset className={classes.group} data-place={place}>
      <legend>{fieldName(t, name)}</legend>
      {whole && <p className={classes.wrong} role="alert">{whole}</p>}
      <div className={classes.condition}>
        <ConditionBuilder root={current} fields={fields} errors={wrong} readOnly={readOnly} empty={t('form.everybody')} change={(next, mark) => {
          setRoot(next);
          onChange(plain(next), mark && `${place} ${mark}`);
        }} />
      </div>
    </fieldset>
  );
}

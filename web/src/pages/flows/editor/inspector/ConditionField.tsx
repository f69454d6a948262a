import { useQuery } from '@tanstack/react-query';
import { lazy, Suspense, useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { flowFieldsQuery } from '../../../../api/flows';
import type { PlainGroup } from '../../../../ui/ConditionBuilder/condition';
import type { Field } from '../../../../ui/ConditionBuilder/fields';
import { useDocument } from '../editor';
import { variablesOf } from '../variables';
import { useForm, type ControlProps } from './context';
import classes from './inspector.module.css';
import { isRecord } from './schema';
import { fieldName } from './words';

const BuilderBox = lazy(() => import('./BuilderBox'));
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
  const whole = errors.get(place);
  return (
    <fieldset className={classes.group} data-place={place}>
      <legend>{fieldName(t, name)}</legend>
      {whole && <p className={classes.wrong} role="alert">{whole}</p>}
      <div className={classes.condition}>
        <Suspense fallback={<div className="skeleton" style={{ height: 80 }} />}>
          <BuilderBox value={(isRecord(value) ? value : null) as PlainGroup | null} fields={fields} errors={errors} place={place} readOnly={readOnly} empty={t('form.everybody')} onChange={onChange} />
        </Suspense>
      </div>
    </fieldset>
  );
}

import { TextInput } from '@mantine/core';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import type { RoutingTargets } from '../../api/types';
import { CheckBox } from '../../ui/CheckBox';
import { ConditionBuilder } from '../../ui/ConditionBuilder/ConditionBuilder';
import { placeOf, placesOf, type Group } from '../../ui/ConditionBuilder/condition';
import type { Field } from '../../ui/ConditionBuilder/fields';
import { ActionsForm } from './ActionsForm';
import classes from './routing.module.css';
import { decisionOf, withRule, type DraftRule } from './rules';
import type { RuleErrors } from './useSavingRules';
import type { RulesDraft } from './useRulesDraft';

const NAME_CHARS_MAX = 80;
const NOTHING: ReadonlyMap<string, string> = new Map();

interface RuleFormProps { rule: DraftRule; edit: RulesDraft['edit']; fields: readonly Field[]; targets: RoutingTargets; errors: RuleErrors | undefined; writable: boolean }

/** Errors inside the condition, by the node they name. */
function conditionErrors(errors: RuleErrors | undefined, root: Group): ReadonlyMap<string, string> {
  if (!errors) return NOTHING;
  const ids = placesOf(root);
  const found = new Map<string, string>();
  for (const [place, detail] of errors) {
    const id = place.startsWith('/condition') ? ids.get(placeOf(place) ?? '') : undefined;
    if (id !== undefined) found.set(id, detail);
  }
  return found;
}

/** One rule to be edited: its name, when it holds, what happens then. */
export function RuleForm({ rule, edit, fields, targets, errors, writable }: RuleFormProps) {
  const { t } = useTranslation('routing');
  const set = (part: Partial<DraftRule>, mark = ''): void => edit((list) => withRule(list, rule.key, part), mark && `${rule.key} ${mark}`);
  const wrong = useMemo(() => conditionErrors(errors, rule.root), [errors, rule.root]);
  const whole = errors?.get('');
  return (
    <div className={classes.form}>
      <TextInput label={t('name')} placeholder={t('namePlaceholder')} value={rule.name} maxLength={NAME_CHARS_MAX} disabled={!writable} error={errors?.get('/name')} data-autofocus={rule.name === '' || undefined} autoFocus={rule.name === ''} onChange={(event) => set({ name: event.currentTarget.value }, 'name')} />
      {whole && <p className={classes.wrong} role="alert">{whole}</p>}
      <fieldset className={classes.part}>
        <legend>{t('when')}</legend>
        <ConditionBuilder root={rule.root} fields={fields} change={(root, mark) => set({ root }, mark)} errors={wrong} readOnly={!writable} empty={t('emptyCondition')} addLabel={t('addCondition')} />
      </fieldset>
      <fieldset className={classes.part}>
        <legend>{t('then')}</legend>
        <ActionsForm actions={rule.actions} targets={targets} errors={errors} readOnly={!writable} onChange={(actions, mark) => set({ actions }, mark)} />
      </fieldset>
      <div className={classes.options}>
        <CheckBox checked={rule.goesOn && !decisionOf(rule.actions)} disabled={!writable || decisionOf(rule.actions) !== undefined} onChange={(goesOn) => set({ goesOn })}>{t('continue')}</CheckBox>
        <CheckBox checked={rule.locked} disabled={!writable} onChange={(locked) => set({ locked })}>{t('lock')}</CheckBox>
      </div>
    </div>
  );
}

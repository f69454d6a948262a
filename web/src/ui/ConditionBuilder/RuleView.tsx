import { ActionIcon, Select } from '@mantine/core';
import { IconX } from '@tabler/icons-react';
import { useEffect, useMemo, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import type { Path } from 'react-querybuilder';
import classes from './builder.module.css';
import { placeName, removeAt, setRule, type Rule } from './condition';
import { useBuilder } from './context';
import { CountOf } from './CountOf';
import { fieldOf, firstValue, grouped, isFinished, withOperator, type Field } from './fields';
import { RowMenu } from './GroupView';
import { ValueEditor } from './ValueEditor';

function FieldSelect({ rule, path }: { rule: Rule; path: Path }) {
  const { t } = useTranslation('conditions');
  const { root, fields, change, readOnly, takesFocus, errors } = useBuilder();
  const data = useMemo(() => grouped(fields), [fields]);
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (takesFocus(rule.id)) input.current?.focus();
  }, [takesFocus, rule.id]);
  const known = fields.some((field) => field.name === rule.field);
  const own = fieldOf(fields, rule.field);
  const pick = (name: string | null): void => {
    const field = fields.find((one) => one.name === name);
    if (!field || field.name === rule.field) return;
    const operator = field.operators[0]?.name ?? '=';
    change(setRule(root, path, { field: field.name, operator, value: firstValue(field, operator) }));
  };
  return (
    <Select
      ref={input}
      className={classes.field}
      aria-label={t('field', { place: placeName(path) })}
      data={known ? data : [...data, { group: own?.group ?? t('unknown'), items: [{ value: rule.field, label: own?.label ?? rule.field }] }]}
      value={rule.field}
      error={errors.has(rule.id ?? '') || undefined}
      searchable
      selectFirstOptionOnChange
      disabled={readOnly}
      allowDeselect={false}
      nothingFoundMessage={t('nothing')}
      maxDropdownHeight={320}
      comboboxProps={{ width: 260, position: 'bottom-start' }}
      onChange={pick}
    />
  );
}

function OperatorSelect({ rule, path, field }: { rule: Rule; path: Path; field: Field | undefined }) {
  const { t } = useTranslation('conditions');
  const { root, change, readOnly } = useBuilder();
  const data = field?.operators.map(({ name, label }) => ({ value: name, label })) ?? [{ value: rule.operator, label: rule.operator }];
  return (
    <Select
      className={classes.operator}
      aria-label={t('operator', { place: placeName(path) })}
      data={data}
      value={rule.operator}
      disabled={readOnly || !field}
      allowDeselect={false}
      comboboxProps={{ width: 200, position: 'bottom-start' }}
      onChange={(operator) => operator && field && change(setRule(root, path, withOperator(rule, field, operator)))}
    />
  );
}

/** One rule: what, how, with what, and how many people it alone applies to. */
export function RuleView({ rule, path }: { rule: Rule; path: Path }) {
  const { t } = useTranslation('conditions');
  const { root, fields, change, errors, readOnly, announce } = useBuilder();
  const field = fieldOf(fields, rule.field);
  const error = errors.get(rule.id ?? '');
  const place = placeName(path);
  return (
    <div className={classes.rule} role="group" aria-label={t('rule', { place })} data-error={error ? true : undefined} data-rule={place}>
      <div className={classes.parts}>
        <FieldSelect rule={rule} path={path} />
        <OperatorSelect rule={rule} path={path} field={field} />
        {field && <ValueEditor rule={rule} field={field} place={place} readOnly={readOnly} onChange={(value) => change(setRule(root, path, { value }), rule.id ?? '')} />}
      </div>
      <span className={classes.rowEnd}>
        {isFinished(rule, fields) ? <CountOf id={rule.id ?? ''} /> : <span className={classes.unfinished}>{t('unfinished')}</span>}
        {!readOnly && (
          <>
            <ActionIcon
              variant="subtle"
              color="gray"
              size={28}
              aria-label={t('removeRule', { place })}
              onClick={() => {
                change(removeAt(root, path));
                announce(t('said.removed'));
              }}
            >
              <IconX size={16} aria-hidden />
            </ActionIcon>
            <RowMenu path={path} node={rule} label={t('ruleMenu', { place })} />
          </>
        )}
      </span>
      {error && <p className={classes.error} role="alert">{error}</p>}
    </div>
  );
}

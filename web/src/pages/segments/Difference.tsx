import { IconMinus, IconPlus } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { PlainGroup, PlainRule } from '../../ui/ConditionBuilder/condition';
import { difference, type DifferenceLine } from '../../ui/ConditionBuilder/difference';
import { fieldOf, type Field } from '../../ui/ConditionBuilder/fields';
import { valueWords } from '../../ui/ConditionBuilder/valueWords';
import classes from './segments.module.css';

function RuleWords({ rule, fields }: { rule: PlainRule; fields: readonly Field[] }) {
  const { t } = useTranslation('segments');
  const field = fieldOf(fields, rule.field);
  const operator = field?.operators.find((one) => one.name === rule.operator);
  return (
    <>
      {field?.label ?? rule.field} {operator?.label ?? rule.operator} <strong>{valueWords(rule.value, field, t)}</strong>
    </>
  );
}

function LineView({ line, fields }: { line: DifferenceLine; fields: readonly Field[] }) {
  const { t } = useTranslation('segments');
  return (
    <li data-change={line.change} style={{ paddingInlineStart: 26 + line.depth * 14 }}>
      {line.change === 'added' && <><IconPlus size={13} aria-hidden /><span className="visually-hidden">{t('difference.added')} </span></>}
      {line.change === 'removed' && <><IconMinus size={13} aria-hidden /><span className="visually-hidden">{t('difference.removed')} </span></>}
      <span>
        {line.match && t(`difference.match.${line.match}`)}
        {line.rule && <RuleWords rule={line.rule} fields={fields} />}
      </span>
    </li>
  );
}

/** Two conditions as one list: what stayed, what came (+), what went (−). */
export function Difference({ before, after, fields }: { before: PlainGroup; after: PlainGroup; fields: readonly Field[] }) {
  const { t } = useTranslation('segments');
  const lines = difference(before, after);
  if (lines.every((line) => line.change === 'same')) return <p className={classes.note}>{t('difference.none')}</p>;
  return <ul className={classes.difference} aria-label={t('difference.label')}>{lines.map((line, at) => <LineView key={at} line={line} fields={fields} />)}</ul>;
}

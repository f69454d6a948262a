import { useTranslation } from 'react-i18next';
import type { RoutingTested, TestedNode, TestedRule } from '../../api/types';
import { matchOf } from '../../ui/ConditionBuilder/condition';
import classes from './routing.module.css';
import { outcomeWords } from './actionWords';
import { Verdict } from './Verdict';

function Branch({ node }: { node: TestedNode }) {
  const { t } = useTranslation('routing');
  if (!('rules' in node)) return <li className={classes.branch}><Verdict result={node.result} /><span>{node.words}</span></li>;
  return (
    <li>
      <span className={classes.branch}><Verdict result={node.result} /><strong>{t(`conditions:match.${matchOf(node)}`)}</strong></span>
      <ul className={classes.tree}>{node.rules.map((child, at) => <Branch key={at} node={child} />)}</ul>
    </li>
  );
}

function TriedRule({ rule, hit }: { rule: TestedRule; hit: boolean }) {
  const { t } = useTranslation('routing');
  const off = !rule.enabled || rule.problem !== null;
  return (
    <li>
      <details className={classes.tried} open={hit} data-hit={hit || undefined}>
        <summary>
          {off ? <span className={classes.offMark}>{t('off')}</span> : <Verdict result={rule.result} />}
          <span>{rule.name}</span>
          {rule.from_tenant && <small className={classes.from}>{t('inherited.from', { name: rule.from_tenant })}</small>}
        </summary>
        {rule.problem && <p className={classes.note}>{rule.problem}</p>}
        {rule.tree && (rule.tree.rules.length === 0 ? <p className={classes.note}>{t('everyMessage')}</p> : <ul className={classes.tree}><Branch node={rule.tree} /></ul>)}
      </details>
    </li>
  );
}

/** Where the message would go, why, and the answer of every condition of every rule. */
export function TriedRules({ tested }: { tested: RoutingTested }) {
  const { t } = useTranslation('routing');
  return (
    <div className={classes.result} role="status">
      <p className={classes.outcome} data-missing={tested.missing ?? undefined}>
        {tested.outcome && <strong>{outcomeWords(tested.outcome, t)}</strong>}
        {tested.command && <strong>{t('try.command', { command: tested.command.toUpperCase() })}</strong>}
        {tested.missing && <strong>{t(`try.missing.${tested.missing}`)}</strong>}
        <span>{tested.reason}</span>
      </p>
      <ul className={classes.facts}>
        {tested.heard_by && <li>{tested.intent ? t(`try.heard.${tested.heard_by}`, { intent: tested.intent, confidence: (tested.confidence ?? 0).toFixed(2) }) : t('try.heard.none')}</li>}
        {tested.tags.map((tag) => <li key={tag}>{t('does.tag', { tag })}</li>)}
        {tested.answers.map((text) => <li key={text}>{t('does.answer', { text })}</li>)}
      </ul>
      <h3 className={classes.asideTitle}>{t('try.rules')}</h3>
      {tested.rules.length === 0 && <p className={classes.note}>{t('none')}</p>}
      <ol className={classes.triedRules}>{tested.rules.map((rule) => <TriedRule key={rule.id} rule={rule} hit={rule.id === tested.rule_id} />)}</ol>
    </div>
  );
}

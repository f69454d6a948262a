import { IconAlertTriangle, IconLock, IconSitemap } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { InheritedRule, RoutingTested } from '../../api/types';
import classes from './routing.module.css';
import { Verdict } from './Verdict';

/** Rules of the workspaces above: to be read, not to be changed here. */
export function Inherited({ rules, kind, tested }: { rules: readonly InheritedRule[]; kind: 'before' | 'after'; tested: RoutingTested | null }) {
  const { t } = useTranslation('routing');
  if (rules.length === 0) return null;
  const Icon = kind === 'before' ? IconLock : IconSitemap;
  return (
    <section className={classes.inherited} aria-label={t(`inherited.${kind}`)}>
      <h2 className={classes.inheritedTitle}><Icon size={14} aria-hidden />{t(`inherited.${kind}`)}</h2>
      <ul className={classes.rows}>
        {rules.map((rule) => {
          const result = tested?.rules.find((one) => one.id === rule.id)?.result;
          const hit = tested?.rule_id === rule.id;
          return (
            <li key={rule.id} className={classes.row} data-off={!rule.enabled || rule.problem !== null || undefined} data-hit={hit || undefined}>
              <div className={classes.above}>
                <span className={classes.name}>
                  <strong>{rule.name}</strong>
                  {result !== undefined && rule.enabled && <Verdict result={result} />}
                  {hit && <span className={classes.hitMark}>{t('try.hit')}</span>}
                  <small className={classes.from}>{t('inherited.from', { name: rule.tenant })}</small>
                </span>
                <span className={classes.says}>
                  <span className={classes.when}>{rule.words}</span>
                  <span className={classes.does}>{rule.does.map((words) => <span key={words} className={classes.action}>{words}</span>)}</span>
                </span>
              </div>
              {rule.problem && <p className={classes.warning}><IconAlertTriangle size={14} aria-hidden />{t('inherited.unusable', { why: rule.problem })}</p>}
            </li>
          );
        })}
      </ul>
    </section>
  );
}

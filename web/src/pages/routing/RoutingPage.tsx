import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { can } from '../../api/permissions';
import { routingFieldsQuery, rulesQuery, targetsQuery } from '../../api/routing';
import { Denied } from '../../app/Fallbacks';
import { useMe } from '../../app/session';
import { ProblemAlert } from '../../ui/ProblemAlert';
import { RulesEditor } from './RulesEditor';
import classes from './routing.module.css';

function Loading() {
  return (
    <div className={classes.page} aria-busy>
      <div className="skeleton" style={{ height: 32, width: 240 }} />
      <div className={classes.columns}>
        <div className="skeleton" style={{ height: 420 }} />
        <div className="skeleton" style={{ height: 320 }} />
      </div>
    </div>
  );
}

function Rules() {
  const { t } = useTranslation('routing');
  const rules = useQuery(rulesQuery);
  const fields = useQuery(routingFieldsQuery);
  const targets = useQuery(targetsQuery);
  const error = rules.error ?? fields.error ?? targets.error;
  if (rules.data && fields.data && targets.data) return <RulesEditor saved={rules.data} fields={fields.data.fields} targets={targets.data} />;
  if (!error) return <Loading />;
  const retry = (): void => {
    for (const query of [rules, fields, targets]) if (query.error) void query.refetch();
  };
  return <div className={classes.page}><h1 className={classes.title}>{t('title')}</h1><ProblemAlert error={error} onRetry={retry} /></div>;
}

/** Who gets which message: the rules in their order, with a box to try them. */
export function RoutingPage() {
  const me = useMe();
  return can(me, 'readQueues') ? <Rules /> : <Denied />;
}

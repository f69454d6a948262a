import { useQuery } from '@tanstack/react-query';
import { IconCheck, IconX } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { ExplainedNode } from '../../api/types';
import { explainQuery } from '../../api/segments';
import { matchOf, type PlainGroup } from '../../ui/ConditionBuilder/condition';
import { PersonPicker, type PickedPerson } from '../../ui/PersonPicker';
import { ProblemAlert } from '../../ui/ProblemAlert';
import { Status } from '../../ui/Status';
import { PersonLink } from './PersonLink';
import classes from './segments.module.css';
import { foundWords } from './found';

function Verdict({ result }: { result: boolean }) {
  const { t } = useTranslation('segments');
  return (
    <span className={classes.verdict} data-result={result}>
      {result ? <IconCheck size={14} aria-hidden /> : <IconX size={14} aria-hidden />}
      <span className="visually-hidden">{t(result ? 'why.true' : 'why.false')}</span>
    </span>
  );
}

function Branch({ node }: { node: ExplainedNode }) {
  const { t } = useTranslation('segments');
  if ('rules' in node) {
    return (
      <li>
        <span className={classes.whyLine}>
          <Verdict result={node.result} />
          <strong>{t(`conditions:match.${matchOf(node)}`)}</strong>
        </span>
        <ul className={classes.whyTree}>{node.rules.map((child, at) => <Branch key={at} node={child} />)}</ul>
      </li>
    );
  }
  return (
    <li>
      <span className={classes.whyLine}>
        <Verdict result={node.result} />
        <span>
          {node.words}
          <small className={classes.found}>{t('why.found', { found: foundWords(node.found, t) })}</small>
        </span>
      </span>
    </li>
  );
}

/** Each rule with true or false for one person, and what was found about them. */
export function Why({ condition, person, onPick }: { condition: PlainGroup; person: PickedPerson | null; onPick: (person: PickedPerson) => void }) {
  const { t } = useTranslation('segments');
  const { data, error, isFetching, refetch } = useQuery({ ...explainQuery(condition, person?.id ?? ''), enabled: person !== null, placeholderData: (old) => old });
  return (
    <div className={classes.why}>
      <PersonPicker label={t('why.person')} placeholder={t('why.search')} onPick={onPick} />
      {!person && <p className={classes.note}>{t('why.none')}</p>}
      {person && error && <ProblemAlert error={error} onRetry={() => void refetch()} />}
      {person && !error && !data && <div className="skeleton" style={{ height: 120 }} />}
      {person && !error && data && (
        <div data-stale={isFetching || undefined} className={classes.whyResult} data-testid="why">
          <p className={classes.whyHead}>
            <PersonLink id={person.id} name={person.name} />
            <Status tone={data.in ? 'success' : 'neutral'} icon={data.in ? <IconCheck size={13} aria-hidden /> : <IconX size={13} aria-hidden />}>{t(data.in ? 'why.in' : 'why.out')}</Status>
          </p>
          <ul className={classes.whyTree} data-root><Branch node={data.tree} /></ul>
        </div>
      )}
    </div>
  );
}

import { useQuery } from '@tanstack/react-query';
import { IconUsers } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { sampleQuery } from '../../api/segments';
import type { PlainGroup } from '../../ui/ConditionBuilder/condition';
import { Avatar } from '../../ui/Avatar';
import { EmptyState } from '../../ui/EmptyState';
import { ProblemAlert } from '../../ui/ProblemAlert';
import { PersonLink } from './PersonLink';
import classes from './segments.module.css';

/** Ten of the people that the rules apply to, each with a question why. */
export function Samples({ condition, onWhy }: { condition: PlainGroup; onWhy: (person: { id: string; name: string }) => void }) {
  const { t } = useTranslation('segments');
  const { data, error, isFetching, refetch } = useQuery({ ...sampleQuery(condition), placeholderData: (old) => old });
  if (error && !data) return <ProblemAlert error={error} onRetry={() => void refetch()} />;
  if (!data) return <div aria-busy>{Array.from({ length: 6 }, (_, at) => <div key={at} className={`skeleton ${classes.personSkeleton}`} />)}</div>;
  if (data.items.length === 0) return <EmptyState icon={IconUsers} title={t('samples.none')} text={t('samples.noneText')} />;
  return (
    <>
      <p className={classes.note}>{t('samples.text', { count: data.items.length })}</p>
      <ul className={classes.people} data-stale={isFetching || undefined}>
        {data.items.map((row) => {
          const name = row.name || row.phone || row.id;
          return (
            <li key={row.id} className={classes.person}>
              <Avatar name={row.name ?? ''} id={row.id} size={28} />
              <span className={classes.personMain}>
                <PersonLink id={row.id} name={name} />
                {row.name && row.phone && <small dir="ltr">{row.phone}</small>}
              </span>
              <button type="button" className={classes.quietButton} onClick={() => onWhy({ id: row.id, name })}>
                {t('samples.why')}<span className="visually-hidden"> {name}</span>
              </button>
            </li>
          );
        })}
      </ul>
    </>
  );
}

import { useQuery } from '@tanstack/react-query';
import { IconLink } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { SegmentUse } from '../../api/types';
import { usageQuery } from '../../api/segments';
import { EmptyState } from '../../ui/EmptyState';
import { ProblemAlert } from '../../ui/ProblemAlert';
import classes from './segments.module.css';

export function UseList({ uses }: { uses: SegmentUse[] }) {
  const { t } = useTranslation('segments');
  return (
    <ul className={classes.uses}>
      {uses.map((use) => (
        <li key={`${use.kind} ${use.id}`}>
          <span className={classes.useKind}>{t(`usedBy.kinds.${use.kind}`, use.kind)}</span>
          {use.kind === 'segment' ? <Link to="/segments/$segmentId" params={{ segmentId: use.id }}>{use.name}</Link> : <span>{use.name}</span>}
        </li>
      ))}
    </ul>
  );
}

/** What would break without this segment. */
export function UsedBy({ segmentId }: { segmentId: string }) {
  const { t } = useTranslation('segments');
  const { data, error, refetch } = useQuery(usageQuery(segmentId));
  if (error && !data) return <ProblemAlert error={error} onRetry={() => void refetch()} />;
  if (!data) return <div className="skeleton" style={{ height: 60 }} />;
  if (data.items.length === 0) return <EmptyState icon={IconLink} title={t('usedBy.none')} text={t('usedBy.noneText')} />;
  return <UseList uses={data.items} />;
}

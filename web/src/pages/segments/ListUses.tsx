import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { usageQuery } from '../../api/segments';
import classes from './segments.module.css';

const FRESH_MS = 60_000;

/** How many places use a segment of the list; their names on hover. */
export function ListUses({ segmentId }: { segmentId: string }) {
  const { t } = useTranslation('segments');
  const { data } = useQuery({ ...usageQuery(segmentId), staleTime: FRESH_MS });
  if (!data) return <span className={`skeleton ${classes.countSkeleton}`} />;
  if (data.items.length === 0) return <span className={classes.quiet}>{t('list.unused')}</span>;
  return <span title={data.items.map((use) => use.name).join(', ')}>{t('list.uses', { count: data.items.length })}</span>;
}

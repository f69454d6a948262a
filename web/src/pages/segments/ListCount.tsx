import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import type { Segment } from '../../api/types';
import { countQuery } from '../../api/segments';
import { formatCount } from '../../ui/numbers';
import classes from './segments.module.css';

/** The live count of a segment in the list: of a dynamic one it is counted as the row is shown. */
export function ListCount({ segment }: { segment: Segment }) {
  const { t } = useTranslation('segments');
  const condition = segment.condition;
  const { data, isError } = useQuery({ ...countQuery(condition ?? { combinator: 'and', not: false, rules: [] }, false), enabled: condition !== null && segment.kind === 'dynamic' });
  if (segment.kind === 'static') return <>{formatCount(segment.members ?? 0)}</>;
  if (data) return <>{formatCount(data.count)}</>;
  if (isError) return <span className={classes.quiet} title={t('list.uncountedHint')}>{t('list.uncounted')}</span>;
  return <span className={`skeleton ${classes.countSkeleton}`} />;
}

import { useQuery } from '@tanstack/react-query';
import { IconUsersGroup } from '@tabler/icons-react';
import { useParams } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { can } from '../../api/permissions';
import { asProblem } from '../../api/problem';
import { fieldsQuery, segmentQuery } from '../../api/segments';
import { Denied } from '../../app/Fallbacks';
import { useMe } from '../../app/session';
import { EmptyState } from '../../ui/EmptyState';
import { LinkButton } from '../../ui/LinkButton';
import { ProblemAlert } from '../../ui/ProblemAlert';
import { SegmentEditor } from './SegmentEditor';
import classes from './segments.module.css';
import { StaticSegment } from './StaticSegment';

const NEW = 'new';
const MISSING = 404;

function Loading() {
  return (
    <div className={classes.page} aria-busy>
      <div className="skeleton" style={{ height: 32, width: 280 }} />
      <div className="skeleton" style={{ height: 64 }} />
      <div className={classes.columns}>
        <div className="skeleton" style={{ height: 340 }} />
        <div className="skeleton" style={{ height: 340 }} />
      </div>
    </div>
  );
}

function Gone() {
  const { t } = useTranslation('segments');
  return <EmptyState icon={IconUsersGroup} title={t('gone')} text={t('goneText')} action={<LinkButton to="/segments">{t('all')}</LinkButton>} />;
}

function OneSegment({ id }: { id: string }) {
  const fields = useQuery(fieldsQuery);
  const segment = useQuery({ ...segmentQuery(id), enabled: id !== NEW });
  const error = fields.error ?? segment.error;
  const retry = (): void => {
    void fields.refetch();
    if (id !== NEW) void segment.refetch();
  };
  if (segment.error && asProblem(segment.error).status === MISSING) return <Gone />;
  if (segment.data?.kind === 'static') return <StaticSegment segment={segment.data} />;
  if (error && (!fields.data || (id !== NEW && !segment.data))) return <div className={classes.page}><ProblemAlert error={error} onRetry={retry} /></div>;
  if (!fields.data || (id !== NEW && !segment.data)) return <Loading />;
  return <SegmentEditor segment={segment.data ?? null} fields={fields.data.fields} />;
}

/** One segment, or a new one. */
export function SegmentPage() {
  const me = useMe();
  const { segmentId = NEW } = useParams({ strict: false });
  if (!can(me, 'readContacts') || (segmentId === NEW && !can(me, 'writeContacts'))) return <Denied />;
  return <OneSegment key={segmentId} id={segmentId} />;
}

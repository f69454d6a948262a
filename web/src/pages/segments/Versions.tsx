import { Button } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { IconHistory } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { keys } from '../../api/keys';
import type { Segment, SegmentVersion } from '../../api/types';
import { restoreVersion, versionsQuery } from '../../api/segments';
import type { Field } from '../../ui/ConditionBuilder/fields';
import { EmptyState } from '../../ui/EmptyState';
import { Person } from '../../ui/Person';
import { ProblemAlert } from '../../ui/ProblemAlert';
import { toast, toastProblem } from '../../ui/toast';
import { When } from '../../ui/When';
import { Difference } from './Difference';
import classes from './segments.module.css';

interface RowProps { row: SegmentVersion; before: SegmentVersion | undefined; current: boolean; dirty: boolean; writable: boolean; fields: readonly Field[]; onRestore: () => void; restoring: boolean }

function VersionRow({ row, before, current, dirty, writable, fields, onRestore, restoring }: RowProps) {
  const { t } = useTranslation('segments');
  const [open, setOpen] = useState(false);
  return (
    <li className={classes.version}>
      <button type="button" className={classes.versionHead} aria-expanded={open} onClick={() => setOpen((was) => !was)}>
        <strong>{t('versions.name', { version: row.version })}</strong>
        {current && <span className={classes.current}>{t('versions.current')}</span>}
        <span className={classes.versionWho}><Person principal={row.created_by} /></span>
        <When at={row.created_at} />
      </button>
      {open && (
        <div className={classes.versionBody}>
          {before ? <Difference before={before.condition} after={row.condition} fields={fields} /> : <p className={classes.sentence}>{row.words}</p>}
          {!current && writable && (
            <Button size="xs" variant="default" loading={restoring} onClick={onRestore} title={dirty ? t('versions.dirty') : undefined} disabled={dirty}>{t('versions.restore', { version: row.version })}</Button>
          )}
          {!current && writable && dirty && <p className={classes.note}>{t('versions.dirty')}</p>}
        </div>
      )}
    </li>
  );
}

/** What the rules were, who changed them, what each change did, and the way back. */
export function Versions({ segment, fields, dirty, writable, onRestored }: { segment: Segment; fields: readonly Field[]; dirty: boolean; writable: boolean; onRestored: (segment: Segment) => void }) {
  const { t } = useTranslation('segments');
  const client = useQueryClient();
  const { data, error, refetch } = useQuery(versionsQuery(segment.id));
  const restore = useMutation({
    mutationFn: (version: number) => restoreVersion(segment.id, version),
    onSuccess: (saved, version) => {
      onRestored(saved);
      void client.invalidateQueries({ queryKey: keys.segmentVersions(segment.id) });
      toast(t('versions.restored', { version }));
    },
    onError: (problem) => toastProblem(t, t('versions.failed'), problem),
  });
  if (error && !data) return <ProblemAlert error={error} onRetry={() => void refetch()} />;
  if (!data) return <div className="skeleton" style={{ height: 120 }} />;
  const rows = data.items.toSorted((one, other) => other.version - one.version);
  if (rows.length === 0) return <EmptyState icon={IconHistory} title={t('versions.none')} />;
  return (
    <ul className={classes.versions}>
      {rows.map((row, at) => (
        <VersionRow
          key={row.version}
          row={row}
          before={rows[at + 1]}
          current={at === 0}
          dirty={dirty}
          writable={writable}
          fields={fields}
          restoring={restore.isPending && restore.variables === row.version}
          onRestore={() => restore.mutate(row.version)}
        />
      ))}
    </ul>
  );
}

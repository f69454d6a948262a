import { Button } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { IconHistory } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { restoreRules, rulesVersionsQuery } from '../../api/routing';
import type { RoutingRules, RoutingVersion } from '../../api/types';
import { EmptyState } from '../../ui/EmptyState';
import { ProblemAlert } from '../../ui/ProblemAlert';
import { toast, toastProblem } from '../../ui/toast';
import { When } from '../../ui/When';
import classes from './routing.module.css';

interface VersionsProps { current: number; dirty: boolean; writable: boolean; onRestored: (rules: RoutingRules) => void }

function VersionRow({ row, current, dirty, writable, restoring, onRestore }: { row: RoutingVersion; current: boolean; dirty: boolean; writable: boolean; restoring: boolean; onRestore: () => void }) {
  const { t } = useTranslation('routing');
  const [open, setOpen] = useState(false);
  return (
    <li className={classes.version}>
      <button type="button" className={classes.versionHead} aria-expanded={open} onClick={() => setOpen((was) => !was)}>
        <strong>{t('versions.name', { version: row.version })}</strong>
        {current && <span className={classes.current}>{t('versions.current')}</span>}
        <span className={classes.who}>{row.created_by || t('versions.system')}</span>
        <When at={row.created_at} />
      </button>
      {open && (
        <div className={classes.versionBody}>
          <p className={classes.note}>{t('versions.count', { count: row.rules })}</p>
          <ol className={classes.versionRules}>{row.names.map((name, at) => <li key={at}>{name}</li>)}</ol>
          {!current && writable && <Button size="xs" variant="default" loading={restoring} disabled={dirty} onClick={onRestore}>{t('versions.restore', { version: row.version })}</Button>}
          {!current && writable && dirty && <p className={classes.note}>{t('versions.dirty')}</p>}
        </div>
      )}
    </li>
  );
}

/** What the rules were, who saved them, and the way back. */
export function VersionsList({ current, dirty, writable, onRestored }: VersionsProps) {
  const { t } = useTranslation('routing');
  const { data, error, refetch } = useQuery(rulesVersionsQuery);
  const restore = useMutation({
    mutationFn: (version: number) => restoreRules(current, version),
    onSuccess: (saved, version) => {
      onRestored(saved);
      toast(t('versions.restored', { version }));
    },
    onError: (problem) => toastProblem(t, t('versions.failed'), problem),
  });
  if (error && !data) return <ProblemAlert error={error} onRetry={() => void refetch()} />;
  if (!data) return <div className="skeleton" style={{ height: 120 }} />;
  if (data.items.length === 0) return <EmptyState icon={IconHistory} title={t('versions.none')} />;
  return (
    <ul className={classes.versions}>
      {data.items.map((row) => (
        <VersionRow key={row.version} row={row} current={row.version === current} dirty={dirty} writable={writable} restoring={restore.isPending && restore.variables === row.version} onRestore={() => restore.mutate(row.version)} />
      ))}
    </ul>
  );
}

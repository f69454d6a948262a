import { Button } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { IconFileImport, IconPlus } from '@tabler/icons-react';
import { Link, useNavigate } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { can } from '../../api/permissions';
import { importPagesQuery } from '../../api/imports';
import type { Import } from '../../api/types';
import { Denied } from '../../app/Fallbacks';
import { useKeys } from '../../app/keyboard';
import { useMe } from '../../app/session';
import { EmptyState } from '../../ui/EmptyState';
import { LinkButton } from '../../ui/LinkButton';
import { formatBytes, formatCount, formatShare } from '../../ui/numbers';
import { ProblemAlert } from '../../ui/ProblemAlert';
import { Person } from '../../ui/Person';
import { ProgressBar } from '../../ui/ProgressBar';
import { When } from '../../ui/When';
import classes from './imports.module.css';
import { ImportState } from './ImportState';
import { isWorking, share } from './steps';

function Outcome({ row }: { row: Import }) {
  const { t } = useTranslation('imports');
  if (isWorking(row.state)) {
    return (
      <div className={classes.rowWork}>
        <ProgressBar share={share(row)} label={row.name} />
        <span className={classes.note}>{row.rows_total ? formatShare(row.rows_done, row.rows_total) : formatCount(row.rows_done)}</span>
      </div>
    );
  }
  if (row.state === 'uploaded') return <span className={classes.note}>{t('list.toDecide')}</span>;
  if (row.state === 'checked') return <span className={classes.note}>{t('list.toRun', { errors: t('list.errors', { count: row.totals.errors, value: formatCount(row.totals.errors) }) })}</span>;
  const { created, updated, errors } = row.totals;
  return (
    <span className={classes.rowTotals}>
      <span>{t('list.created', { value: formatCount(created) })}</span>
      <span>{t('list.updated', { value: formatCount(updated) })}</span>
      <span data-errors={errors > 0 || undefined}>{t('list.errors', { count: errors, value: formatCount(errors) })}</span>
    </span>
  );
}

function Row({ row }: { row: Import }) {
  return (
    <tr>
      <td>
        <Link to="/imports/$importId" params={{ importId: row.id }} className={classes.rowLink}><bdi>{row.name}</bdi></Link>
        <span className={classes.rowText}>{formatBytes(row.size_bytes)}</span>
      </td>
      <td><ImportState state={row.state} /></td>
      <td><Outcome row={row} /></td>
      <td className={classes.wide}><Person principal={row.created_by} /></td>
      <td className={classes.wide}><When at={row.created_at} /></td>
    </tr>
  );
}

function Table({ rows }: { rows: Import[] }) {
  const { t } = useTranslation('imports');
  return (
    <table className={classes.listTable}>
      <thead>
        <tr>
          <th scope="col">{t('list.file')}</th>
          <th scope="col">{t('list.state')}</th>
          <th scope="col">{t('list.rows')}</th>
          <th scope="col" className={classes.wide}>{t('list.by')}</th>
          <th scope="col" className={classes.wide}>{t('list.when')}</th>
        </tr>
      </thead>
      <tbody>{rows.map((row) => <Row key={row.id} row={row} />)}</tbody>
    </table>
  );
}

function Imports() {
  const { t } = useTranslation('imports');
  const navigate = useNavigate();
  const query = useInfiniteQuery(importPagesQuery);
  const rows = query.data?.pages.flatMap((page) => page.items) ?? [];
  useKeys(t('title'), [{ keys: 'n', label: t('list.new'), run: () => void navigate({ to: '/imports/$importId', params: { importId: 'new' } }) }]);
  return (
    <div className={classes.page}>
      <div className={classes.head}>
        <div className={classes.headTitle}><h1>{t('title')}</h1></div>
        <LinkButton to="/imports/$importId" params={{ importId: 'new' }} leftSection={<IconPlus size={16} aria-hidden />}>{t('list.new')}</LinkButton>
      </div>
      <div className={`surface ${classes.list}`}>
        {query.isPending && <div aria-busy className={classes.pad}>{Array.from({ length: 4 }, (_, at) => <div key={at} className={`skeleton ${classes.rowSkeleton}`} />)}</div>}
        {query.isError && !query.data && <div className={classes.pad}><ProblemAlert error={query.error} onRetry={() => void query.refetch()} /></div>}
        {query.data && rows.length === 0 && (
          <EmptyState icon={IconFileImport} title={t('list.none')} text={t('list.noneText')} action={<LinkButton to="/imports/$importId" params={{ importId: 'new' }}>{t('list.new')}</LinkButton>} />
        )}
        {rows.length > 0 && <Table rows={rows} />}
      </div>
      {query.hasNextPage && <Button variant="default" className={classes.loadMore} loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>{t('list.older')}</Button>}
    </div>
  );
}

/** All imports: what came of them, what waits for a decision, what runs. */
export function ImportsPage() {
  const me = useMe();
  return can(me, 'importContacts') ? <Imports /> : <Denied />;
}

import { Button } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { importKeptQuery } from '../../api/imports';
import type { Import } from '../../api/types';
import { formatCount } from '../../ui/numbers';
import { ProblemAlert } from '../../ui/ProblemAlert';
import { sentence } from '../../ui/words';
import classes from './imports.module.css';

function Kept({ importId }: { importId: string }) {
  const { t } = useTranslation('imports');
  const query = useInfiniteQuery(importKeptQuery(importId));
  const rows = query.data?.pages.flatMap((page) => page.items) ?? [];
  if (query.isError && !query.data) return <ProblemAlert error={query.error} onRetry={() => void query.refetch()} />;
  if (rows.length === 0) return null;
  return (
    <section className={classes.errors} aria-labelledby="import-kept">
      <div className={classes.panelHead}><h3 id="import-kept">{t('undo.keptTitle')}</h3></div>
      <ul className={classes.kept}>
        {rows.map((row) => (
          <li key={row.contact_id}>
            <Link to="/contacts/$contactId" params={{ contactId: row.contact_id }} search={{}}><bdi>{row.name || t('undo.noName')}</bdi></Link>
            <span className={classes.note}>{sentence(row.reason)}</span>
          </li>
        ))}
      </ul>
      {query.hasNextPage && <Button variant="default" size="xs" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>{t('errors.more')}</Button>}
    </section>
  );
}

/** What an undo took back, and what it kept and why. */
export function UndoReport({ row }: { row: Import }) {
  const { t } = useTranslation('imports');
  if (!row.undo) return null;
  const { removed, restored, kept } = row.undo;
  return (
    <>
      <h3 className={classes.subTitle}>{t('undo.after')}</h3>
      <ul className={classes.totals} aria-label={t('undo.title', { name: row.name })}>
        {([['removed', removed], ['restored', restored], ['keptCount', kept]] as const).map(([name, count]) => (
          <li key={name} data-testid={`undo-${name}`}><strong>{formatCount(count)}</strong><span>{t(`undo.${name}`, { count })}</span></li>
        ))}
      </ul>
      {kept > 0 && <Kept importId={row.id} />}
    </>
  );
}

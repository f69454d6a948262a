import { Button, TextInput } from '@mantine/core';
import { useInfiniteQuery, useMutation } from '@tanstack/react-query';
import { IconCheck, IconDownload } from '@tabler/icons-react';
import { useState, type KeyboardEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { errorsUrl, fixRow, importErrorsQuery } from '../../api/imports';
import type { ImportError } from '../../api/types';
import { asProblem } from '../../api/problem';
import { problemWords } from '../../ui/problemWords';
import { formatCount } from '../../ui/numbers';
import { ProblemAlert } from '../../ui/ProblemAlert';
import { Status } from '../../ui/Status';
import { sentence } from '../../ui/words';
import classes from './imports.module.css';

interface ErrorRowProps { importId: string; row: ImportError; fixed: string | undefined; editable: boolean; onFixed: (value: string) => void }

/** One bad cell. Its value can be mended here: Enter saves, the next check reads it. */
function ErrorRow({ importId, row, fixed, editable, onFixed }: ErrorRowProps) {
  const { t } = useTranslation('imports');
  const [value, setValue] = useState(fixed ?? row.value);
  const fix = useMutation({ mutationFn: () => fixRow(importId, row.row, { [row.column]: value }), onSuccess: () => onFixed(value) });
  const changed = value !== (fixed ?? row.value);
  const save = (): void => {
    if (changed && !fix.isPending) fix.mutate();
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === 'Enter') save();
    if (event.key === 'Escape') setValue(fixed ?? row.value);
  };
  const problem = fix.error ? problemWords(t, asProblem(fix.error)) : null;
  return (
    <tr data-fixed={fixed !== undefined || undefined}>
      <th scope="row">{formatCount(row.row)}</th>
      <td><bdi>{row.column || t('errors.wholeRow')}</bdi></td>
      <td>
        {editable && row.column ? (
          <TextInput
            size="sm"
            dir="auto"
            aria-label={t('errors.fix', { row: row.row, column: row.column })}
            value={value}
            error={problem ? [problem.title, problem.text].filter(Boolean).join(' ') : undefined}
            onChange={(event) => setValue(event.currentTarget.value)}
            onKeyDown={onKeyDown}
            onBlur={save}
          />
        ) : <code dir="auto">{row.value}</code>}
      </td>
      <td>
        {fixed === undefined ? <>{row.outcome === 'skipped' && <span className={classes.reasonTag}><Status tone="neutral">{t('errors.skipped')}</Status></span>}{sentence(row.detail)}</> : <Status tone="info" icon={<IconCheck size={13} aria-hidden />}>{t('errors.fixed')}</Status>}
      </td>
    </tr>
  );
}

interface ErrorsProps { importId: string; count: number; fixes: ReadonlyMap<string, string>; editable: boolean; onFix: (row: ImportError, value: string) => void }

export const fixKey = (row: ImportError): string => `${row.row} ${row.column}`;

/** Everything that is wrong, by row and column, with the reason; to mend here or in the file. */
export function Errors({ importId, count, fixes, editable, onFix }: ErrorsProps) {
  const { t } = useTranslation('imports');
  const query = useInfiniteQuery(importErrorsQuery(importId));
  const rows = query.data?.pages.flatMap((page) => page.items) ?? [];
  const stored = query.data?.pages.at(-1)?.stored ?? 0;
  return (
    <section className={classes.errors} aria-labelledby="import-errors">
      <div className={classes.panelHead}>
        <h3 id="import-errors">{t('errors.title', { count })}</h3>
        <Button component="a" href={errorsUrl(importId)} download size="xs" variant="default" leftSection={<IconDownload size={14} aria-hidden />}>{t('errors.download')}</Button>
      </div>
      {editable && <p className={classes.note}>{t('errors.hint')}</p>}
      {query.isPending && <div className="skeleton" style={{ height: 120 }} />}
      {query.isError && <ProblemAlert error={query.error} onRetry={() => void query.refetch()} />}
      {rows.length > 0 && (
        <div className={classes.tableFrame}>
          <table className={classes.errorsTable}>
            <thead>
              <tr>
                <th scope="col">{t('errors.row')}</th>
                <th scope="col">{t('errors.column')}</th>
                <th scope="col">{t('errors.value')}</th>
                <th scope="col">{t('errors.reason')}</th>
              </tr>
            </thead>
            <tbody>
              {rows.map((row) => (
                <ErrorRow key={`${fixKey(row)} ${row.code}`} importId={importId} row={row} fixed={fixes.get(fixKey(row))} editable={editable} onFixed={(value) => onFix(row, value)} />
              ))}
            </tbody>
          </table>
        </div>
      )}
      {stored > 0 && stored < count && !query.hasNextPage && <p className={classes.note}>{t('errors.stored', { value: formatCount(stored) })}</p>}
      {query.hasNextPage && <Button variant="default" size="xs" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>{t('errors.more')}</Button>}
    </section>
  );
}

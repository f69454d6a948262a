import { Button } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { cancelImport, importQuery } from '../../api/imports';
import type { Import } from '../../api/types';
import { formatCount, formatDuration, formatShare } from '../../ui/numbers';
import { ProgressBar } from '../../ui/ProgressBar';
import { toastProblem } from '../../ui/toast';
import classes from './imports.module.css';
import { share } from './steps';

/** Work that goes on: how far, how fast, how long, and the way to stop it. */
export function Work({ row, title, text }: { row: Import; title: string; text: string }) {
  const { t } = useTranslation('imports');
  const client = useQueryClient();
  const done = share(row);
  const left = row.seconds_left ?? 0;
  const cancel = useMutation({
    mutationFn: () => cancelImport(row.id),
    onSuccess: (saved) => client.setQueryData(importQuery(row.id).queryKey, saved),
    onError: (error) => toastProblem(t, t('work.cancelFailed'), error),
  });
  return (
    <div className={classes.work}>
      <div className={classes.workHead}>
        <strong>{title}</strong>
        {row.state !== 'undoing' && <Button size="xs" variant="default" loading={cancel.isPending} disabled={cancel.isSuccess} onClick={() => cancel.mutate()}>{t(cancel.isSuccess ? 'work.canceling' : 'work.cancel')}</Button>}
      </div>
      <ProgressBar share={done} label={title} />
      <div className={classes.workFacts} role="status">
        <span>{done === null ? t('work.rows', { count: row.rows_done, value: formatCount(row.rows_done) }) : t('work.progress', { share: formatShare(row.rows_done, row.rows_total ?? 0), done: formatCount(row.rows_done), all: formatCount(row.rows_total ?? 0) })}</span>
        {row.rows_per_s ? <span>{t('work.rate', { value: formatCount(Math.round(row.rows_per_s)) })}</span> : null}
        {left > 0 && <span>{t('work.left', { time: formatDuration(left) })}</span>}
      </div>
      <p className={classes.note}>{text}</p>
    </div>
  );
}

import '@mantine/core/styles/Combobox.layer.css';
import { Button, Select, Switch } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { IconArrowRight, IconReplace } from '@tabler/icons-react';
import { useNavigate } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { Import } from '../../api/types';
import { importQuery, saveImport } from '../../api/imports';
import { LinkButton } from '../../ui/LinkButton';
import { formatBytes, formatCount } from '../../ui/numbers';
import { ProblemAlert } from '../../ui/ProblemAlert';
import { DELIMITERS, ENCODINGS, QUOTES } from './dialects';
import classes from './imports.module.css';
import { Preview } from './Preview';

/** How the file was read, and what of that can be set right when it looks wrong. */
export function FileStep({ row }: { row: Import }) {
  const { t } = useTranslation('imports');
  const client = useQueryClient();
  const navigate = useNavigate();
  const { file } = row;
  const change = useMutation({
    mutationFn: (part: { encoding?: string; delimiter?: string; quote?: string; sheet?: string; has_header?: boolean }) => saveImport(row.id, { file: part }),
    onSuccess: (saved) => client.setQueryData(importQuery(row.id).queryKey, saved),
  });
  const csv = file.format === 'csv';
  const known = (list: readonly string[], value: string): string[] => [...new Set([...(value ? [value] : []), ...list])];
  return (
    <section className={`surface ${classes.panel}`} aria-labelledby="import-file">
      <div className={classes.panelHead}>
        <h2 id="import-file" className={classes.panelTitle}>{t('file.title')}</h2>
        <LinkButton to="/imports/$importId" params={{ importId: 'new' }} size="xs" variant="default" leftSection={<IconReplace size={14} aria-hidden />}>{t('file.other')}</LinkButton>
      </div>
      <div className={classes.fileFacts}>
        <div className={classes.fact}><span>{t('file.name')}</span><strong><bdi>{row.name}</bdi></strong></div>
        <div className={classes.fact}><span>{t('file.size')}</span><strong>{formatBytes(row.size_bytes)}</strong></div>
        <div className={classes.fact}><span>{t('file.rows')}</span><strong>{t('file.about', { value: formatCount(file.rows_estimate) })}</strong></div>
        {csv && (
          <>
            <Select
              label={t('file.encoding')}
              className={classes.fileSelect}
              data={known(ENCODINGS, file.encoding).map((value) => ({ value, label: t(`encodings.${value}`, value) }))}
              value={file.encoding}
              searchable
              allowDeselect={false}
              disabled={change.isPending}
              onChange={(value) => value && change.mutate({ encoding: value })}
            />
            <Select
              label={t('file.delimiter')}
              className={classes.fileSelect}
              data={known(DELIMITERS, file.delimiter).map((value) => ({ value, label: t(`delimiters.${value === '\t' ? 'tab' : value}`, value) }))}
              value={file.delimiter}
              allowDeselect={false}
              disabled={change.isPending}
              onChange={(value) => value && change.mutate({ delimiter: value })}
            />
            <Select
              label={t('file.quote')}
              className={classes.fileSelect}
              data={known(QUOTES, file.quote).map((value) => ({ value, label: t(`quotes.${value}`, value) }))}
              value={file.quote}
              allowDeselect={false}
              disabled={change.isPending}
              onChange={(value) => value && change.mutate({ quote: value })}
            />
          </>
        )}
        {!csv && file.sheets.length > 0 && (
          <Select label={t('file.sheet')} className={classes.fileSelect} data={file.sheets} value={file.sheet} allowDeselect={false} disabled={change.isPending || file.sheets.length < 2} onChange={(value) => value && change.mutate({ sheet: value })} />
        )}
        <Switch size="md" className={classes.headerSwitch} label={t('file.header')} checked={file.has_header} disabled={change.isPending} onChange={(event) => change.mutate({ has_header: event.currentTarget.checked })} />
      </div>
      {file.warnings.length > 0 && <ul className={classes.warnings}>{file.warnings.map((words) => <li key={words}>{words}</li>)}</ul>}
      {change.error && <ProblemAlert error={change.error} />}
      <p className={classes.note}>{t('file.look')}</p>
      <Preview file={file} busy={change.isPending} />
      <div className={classes.footer}>
        <span />
        <Button rightSection={<IconArrowRight size={16} aria-hidden className={classes.arrow} />} loading={change.isPending} onClick={() => void navigate({ to: '/imports/$importId', params: { importId: row.id }, search: { step: 'columns' } })}>{t('file.next')}</Button>
      </div>
    </section>
  );
}

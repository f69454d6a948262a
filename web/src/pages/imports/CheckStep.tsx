import { Button } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { IconArrowRight, IconCheck, IconRefresh } from '@tabler/icons-react';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { checkImport, importQuery, runImport } from '../../api/imports';
import { keys } from '../../api/keys';
import type { Import } from '../../api/types';
import { formatCount } from '../../ui/numbers';
import { ProblemAlert } from '../../ui/ProblemAlert';
import { Errors, fixKey } from './Errors';
import classes from './imports.module.css';
import { changedRows } from './steps';
import { Totals } from './Totals';
import { Work } from './Work';

const NONE: ReadonlyMap<string, string> = new Map();

function Checked({ row, fixes, onFix }: { row: Import; fixes: ReadonlyMap<string, string>; onFix: (key: string, value: string) => void }) {
  const { t } = useTranslation('imports');
  const left = row.totals.errors + row.totals.skipped;
  return (
    <>
      <p className={classes.note}>{t('check.nothingWritten')}</p>
      <Totals totals={row.totals} planned />
      {left === 0 ? (
        <p className={classes.good}><IconCheck size={16} aria-hidden />{t('check.clean')}</p>
      ) : (
        <Errors importId={row.id} count={left} fixes={fixes} editable onFix={(error, value) => onFix(fixKey(error), value)} />
      )}
    </>
  );
}

/** The dry run: what would happen to each row, before anything is written. */
export function CheckStep({ row }: { row: Import }) {
  const { t } = useTranslation('imports');
  const client = useQueryClient();
  const navigate = useNavigate();
  const [fixes, setFixes] = useState(NONE);
  const put = (saved: Import): void => {
    client.setQueryData(importQuery(row.id).queryKey, saved);
    void client.invalidateQueries({ queryKey: keys.imports });
  };
  const check = useMutation({
    mutationFn: () => checkImport(row.id),
    onSuccess: (saved) => {
      setFixes(NONE);
      void client.removeQueries({ queryKey: keys.importErrors(row.id) });
      put(saved);
    },
  });
  const run = useMutation({ mutationFn: () => runImport(row.id), onSuccess: put });
  const checking = row.state === 'checking';
  const checked = row.state === 'checked';
  const writes = changedRows(row.totals);
  return (
    <section className={`surface ${classes.panel}`} aria-labelledby="import-check" data-testid="import-check">
      <div className={classes.panelHead}>
        <h2 id="import-check" className={classes.panelTitle}>{t('check.title')}</h2>
        {checked && (
          <Button size="xs" variant={fixes.size > 0 ? 'filled' : 'default'} leftSection={<IconRefresh size={14} aria-hidden />} loading={check.isPending} onClick={() => check.mutate()}>
            {fixes.size > 0 ? t('check.againFixed', { count: fixes.size }) : t('check.again')}
          </Button>
        )}
      </div>
      {checking && <Work row={row} title={t('check.working')} text={t('check.workingText')} />}
      {checked && <Checked row={row} fixes={fixes} onFix={(key, value) => setFixes((old) => new Map([...old, [key, value]]))} />}
      {!checking && !checked && (
        <div className={classes.start}>
          <p>{t('check.notYet')}</p>
          <Button loading={check.isPending} onClick={() => check.mutate()}>{t('check.start')}</Button>
        </div>
      )}
      {(check.error ?? run.error) && <ProblemAlert error={check.error ?? run.error} />}
      <div className={classes.footer}>
        <Button variant="default" disabled={checking} onClick={() => void navigate({ to: '/imports/$importId', params: { importId: row.id }, search: { step: 'policy' } })}>{t('common:action.back')}</Button>
        <span className={classes.footerEnd}>
          {checked && fixes.size > 0 && <span className={classes.note}>{t('check.fixedFirst')}</span>}
          {checked && writes === 0 && <span className={classes.note}>{t('check.nothingToDo')}</span>}
          <Button rightSection={<IconArrowRight size={16} aria-hidden className={classes.arrow} />} disabled={!checked || writes === 0 || fixes.size > 0} loading={run.isPending} onClick={() => run.mutate()}>
            {checked ? t('check.next', { count: writes, value: formatCount(writes) }) : t('check.nextPlain')}
          </Button>
        </span>
      </div>
    </section>
  );
}

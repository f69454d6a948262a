import { Button, Modal } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { IconArrowBackUp, IconCircleCheck, IconCircleX, IconPlayerStop, IconUsers } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { importQuery, undoImport } from '../../api/imports';
import { keys } from '../../api/keys';
import type { Import } from '../../api/types';
import { LinkButton } from '../../ui/LinkButton';
import { formatCount } from '../../ui/numbers';
import { ProblemAlert } from '../../ui/ProblemAlert';
import { When } from '../../ui/When';
import { Errors } from './Errors';
import classes from './imports.module.css';
import { changedRows } from './steps';
import { Totals } from './Totals';
import { UndoReport } from './UndoReport';
import { Work } from './Work';

const NONE: ReadonlyMap<string, string> = new Map();
const GLYPHS = { completed: IconCircleCheck, canceled: IconPlayerStop, failed: IconCircleX, undone: IconArrowBackUp };
const HEADS = {
  completed: ['result.completed', 'success'],
  canceled: ['result.canceled', 'warning'],
  failed: ['result.failed', 'danger'],
  undone: ['result.undone', 'neutral'],
} as const;

function Outcome({ row }: { row: Import }) {
  const { t } = useTranslation('imports');
  const state = row.state as keyof typeof HEADS;
  const [words, tone] = HEADS[state] ?? HEADS.failed;
  const Glyph = GLYPHS[state] ?? IconCircleX;
  return (
    <div className={classes.outcome} data-tone={tone} role="status" data-testid="import-outcome">
      <Glyph size={22} stroke={1.75} aria-hidden />
      <div>
        <strong>{t(words)}</strong>
        <span className={classes.note}>{row.finished_at && <When at={row.finished_at} />}</span>
        {row.error && <p>{row.error.detail}</p>}
      </div>
    </div>
  );
}

function UndoDialog({ row, onClose }: { row: Import; onClose: () => void }) {
  const { t } = useTranslation('imports');
  const client = useQueryClient();
  const undo = useMutation({
    mutationFn: () => undoImport(row.id),
    onSuccess: (saved) => {
      client.setQueryData(importQuery(row.id).queryKey, saved);
      void client.invalidateQueries({ queryKey: keys.imports });
      onClose();
    },
  });
  const { created, updated } = row.totals;
  return (
    <Modal opened onClose={onClose} title={t('undo.title', { name: row.name })} closeButtonProps={{ 'aria-label': t('common:action.close') }}>
      <div className={classes.dialog}>
        <p>{t('undo.text', { created: t('undo.created', { count: created, value: formatCount(created) }), updated: t('undo.updated', { count: updated, value: formatCount(updated) }) })}</p>
        <p className={classes.note}>{t('undo.kept')}</p>
        {undo.error && <ProblemAlert error={undo.error} />}
        <div className={classes.dialogActions}>
          <Button variant="default" data-autofocus onClick={onClose}>{t('cancel')}</Button>
          <Button color="red" loading={undo.isPending} onClick={() => undo.mutate()}>{t('undo.do')}</Button>
        </div>
      </div>
    </Modal>
  );
}

/** The run and what came of it. */
export function RunStep({ row }: { row: Import }) {
  const { t } = useTranslation('imports');
  const [asking, setAsking] = useState(false);
  const running = row.state === 'running';
  const undoing = row.state === 'undoing';
  const wrote = changedRows(row.totals) > 0;
  const left = row.totals.errors + row.totals.skipped;
  const tag = row.options.tags?.at(-1);
  return (
    <section className={`surface ${classes.panel}`} aria-labelledby="import-run" data-testid="import-run" data-state={row.state}>
      <h2 id="import-run" className={classes.panelTitle}>{t(running ? 'run.title' : undoing ? 'undo.working' : 'result.title')}</h2>
      {running && <Work row={row} title={t('run.working')} text={t('run.leave')} />}
      {undoing && <Work row={row} title={t('undo.working')} text={t('run.leave')} />}
      {!running && !undoing && <Outcome row={row} />}
      {row.state === 'undone' && <h3 className={classes.subTitle}>{t('undo.before')}</h3>}
      {!undoing && <Totals totals={row.totals} planned={false} />}
      {row.state === 'undone' && <UndoReport row={row} />}
      {!running && !undoing && (
        <div className={classes.footer}>
          <span className={classes.footerEnd}>
            {wrote && row.state !== 'undone' && (
              <LinkButton to="/contacts" search={tag ? { tag } : {}} variant="default" leftSection={<IconUsers size={16} aria-hidden />}>{tag ? t('result.tagged', { tag }) : t('result.people')}</LinkButton>
            )}
            <LinkButton to="/imports/$importId" params={{ importId: 'new' }} variant="default">{t('result.another')}</LinkButton>
          </span>
          {wrote && row.state !== 'undone' && <Button variant="default" leftSection={<IconArrowBackUp size={16} aria-hidden />} onClick={() => setAsking(true)}>{t('undo.open')}</Button>}
        </div>
      )}
      {!running && !undoing && row.state !== 'undone' && left > 0 && <Errors importId={row.id} count={left} fixes={NONE} editable={false} onFix={() => undefined} />}
      {asking && <UndoDialog row={row} onClose={() => setAsking(false)} />}
    </section>
  );
}

import { Button, Modal, Textarea } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { IconAlertTriangle, IconCheck, IconExclamationCircle } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { idempotencyKey } from '../../../api/client';
import { publishFlow, tryPublish } from '../../../api/flowPublish';
import type { Flow } from '../../../api/flows';
import { keys } from '../../../api/keys';
import { ProblemAlert } from '../../../ui/ProblemAlert';
import { toast } from '../../../ui/toast';
import { useDocument, useEditor } from '../editor/editor';
import classes from '../editor/editor.module.css';
import { troublesOf } from '../editor/inspector/errors';
import { useSaver } from '../editor/saverContext';
import { InFlight, useInFlight, wishOf, type Wish } from './InFlight';

const NOTE_CHARS_MAX = 500;

class Unsaved extends Error {}

/** Makes the draft the version that runs: what stands in the way, what is doubtful, what becomes of those inside, a note for the others. */
export function Publish({ flow, onClose }: { flow: Flow; onClose: () => void }) {
  const { t } = useTranslation('flowpublish');
  const editor = useEditor();
  const saver = useSaver();
  const client = useQueryClient();
  const [note, setNote] = useState('');
  const [key] = useState(idempotencyKey);
  const [wish, setWish] = useState<Wish>({ do: 'finish', chosen: {} });
  const draft = useDocument();
  const inside = useInFlight(flow.id, flow.version, draft);
  const trial = useQuery({
    queryKey: ['flows', 'publish', flow.id, key],
    gcTime: 0,
    staleTime: Infinity,
    retry: false,
    queryFn: async () => {
      if (!(await saver.flush())) throw new Unsaved();
      const found = await tryPublish(flow.id);
      editor.look.set(found.look);
      return found;
    },
  });
  const publish = useMutation({
    mutationFn: () => publishFlow(flow.id, note.trim(), wishOf(wish, inside), key),
    onSuccess: (made) => {
      client.setQueryData(['flows', 'one', flow.id], { ...flow, version: made.version });
      for (const queryKey of [keys.flow(flow.id), keys.flowVersions(flow.id), keys.flowInside(flow.id), keys.flowLists]) void client.invalidateQueries({ queryKey });
      toast(t('done', { version: made.version }));
      onClose();
    },
  });
  const look = trial.data?.look;
  const troubles = troublesOf(look ?? null);
  const errors = troubles.filter((one) => one.severity === 'error');
  const warnings = troubles.filter((one) => one.severity === 'warning');
  const tests = look?.tests ?? [];
  const failed = tests.filter((test) => !test.passed);
  return (
    <Modal opened onClose={onClose} size="lg" title={trial.data ? t('title', { version: trial.data.version }) : t('flows:toolbar.publish')} closeButtonProps={{ 'aria-label': t('common:action.close') }}>
      <form className={classes.dialog} onSubmit={(event) => {
        event.preventDefault();
        if (look?.ready && inside.known && !publish.isPending) publish.mutate();
      }}>
        {trial.isPending && <div className="skeleton" style={{ height: 80 }} aria-busy />}
        {trial.error && (trial.error instanceof Unsaved ? <p role="alert">{t('unsaved')}</p> : <ProblemAlert error={trial.error} onRetry={() => void trial.refetch()} />)}
        {look?.ready && <p className={classes.fine}><IconCheck size={16} aria-hidden />{t('ready')}</p>}
        {look && !look.ready && <p role="alert" className={classes.error}><IconExclamationCircle size={16} aria-hidden />{t('blocked')}</p>}
        {troubles.length > 0 && (
          <ul className={classes.problems}>
            {[...errors, ...warnings].map((one, nth) => (
              <li key={nth}>
                <button type="button" className={classes.problem} disabled={one.node === ''} onClick={() => {
                  onClose();
                  editor.reveal(one.node, one.field);
                }}>
                  {one.severity === 'error' ? <IconExclamationCircle size={16} className={classes.error} aria-label={t('flows:problem.error')} /> : <IconAlertTriangle size={16} className={classes.warning} aria-label={t('flows:problem.warning')} />}
                  <span className={classes.problemWords}>{one.words}</span>
                </button>
              </li>
            ))}
          </ul>
        )}
        {tests.length > 0 && <p className={classes.quiet}>{t('tests', { passed: tests.length - failed.length, count: tests.length })}</p>}
        {failed.length > 0 && <ul>{failed.map((test) => <li key={test.id}>{[test.name, test.differences[0]].join(': ')}</li>)}</ul>}
        <InFlight draft={draft} inside={inside} wish={wish} onChange={setWish} />
        <Textarea label={t('note')} placeholder={t('notePlaceholder')} autosize minRows={2} maxLength={NOTE_CHARS_MAX} value={note} onChange={(event) => setNote(event.currentTarget.value)} />
        {publish.error && <ProblemAlert error={publish.error} />}
        <div className={classes.dialogActions}>
          <Button variant="default" onClick={onClose}>{t('flows:cancel')}</Button>
          <Button type="submit" loading={publish.isPending} disabled={look?.ready !== true || !inside.known}>{t('flows:toolbar.publish')}</Button>
        </div>
      </form>
    </Modal>
  );
}

import { Button, Modal, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { bulk, tagsQuery, type BulkTags, type BulkTarget } from '../../api/contacts';
import { keys } from '../../api/keys';
import { ProblemAlert } from '../../ui/ProblemAlert';
import { toast, toastProblem, toastUndo } from '../../ui/toast';
import classes from './contacts.module.css';
import { TAG_CHARS_MAX } from '../../ui/TagField';
import { numberWords } from './words';

const COUNT_MS = 250;
const OFFERED_MAX = 12;

export interface BulkJob { kind: 'add' | 'remove'; target: BulkTarget; chosen: number; where: string }

const changeOf = (kind: 'add' | 'remove', tag: string): BulkTags => (kind === 'add' ? { add_tags: [tag], remove_tags: [] } : { add_tags: [], remove_tags: [tag] });

/** The opposite change, where it gives back exactly what was: all were changed, and the filters still find them. */
function opposite({ kind, target }: BulkJob, tag: string, matched: number, changed: number): (() => Promise<unknown>) | null {
  const steady = 'contact_ids' in target || (target.filter.tag === undefined && target.filter.segment === undefined);
  if (matched !== changed || !steady) return null;
  return () => bulk(target, changeOf(kind === 'add' ? 'remove' : 'add', tag), false);
}

function useBulkTag(job: BulkJob, onDone: () => void) {
  const { t } = useTranslation('contacts');
  const client = useQueryClient();
  const again = (): void => {
    void client.invalidateQueries({ queryKey: keys.contactAllRows });
    void client.invalidateQueries({ queryKey: keys.contactCounts });
    void client.invalidateQueries({ queryKey: keys.tags });
  };
  return async (tag: string): Promise<void> => {
    const { matched, changed } = await bulk(job.target, changeOf(job.kind, tag), false);
    again();
    onDone();
    const words = t(job.kind === 'add' ? 'bulk.added' : 'bulk.removed', { count: changed, tag });
    const undo = opposite(job, tag, matched, changed);
    if (!undo) toast(words);
    else toastUndo(words, () => void undo().then(again, (error: unknown) => toastProblem(t, t('bulk.notUndone'), error)));
  };
}

/** Adds or removes a tag; says beforehand how many it will change. */
export function BulkTagDialog({ job, onClose, onDone }: { job: BulkJob; onClose: () => void; onDone: () => void }) {
  const { t } = useTranslation('contacts');
  const [tag, setTag] = useState('');
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const [wanted] = useDebouncedValue(tag.trim(), COUNT_MS);
  const { data: tags } = useQuery(tagsQuery);
  const preview = useQuery({ queryKey: ['contacts', 'bulk', job.kind, job.target, wanted], queryFn: () => bulk(job.target, changeOf(job.kind, wanted), true), enabled: wanted !== '', gcTime: 0, retry: false });
  const run = useBulkTag(job, onDone);
  const ready = preview.data !== undefined && wanted === tag.trim();
  const changed = preview.data?.changed ?? 0;
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    if (!ready || changed === 0) return;
    setBusy(true);
    try {
      await run(wanted);
    } catch (problem) {
      setError(problem);
      setBusy(false);
    }
  };
  const offered = (tags?.items ?? []).filter((row) => row.tag !== tag && row.tag.toLocaleLowerCase().includes(tag.trim().toLocaleLowerCase())).slice(0, OFFERED_MAX);
  const words = !ready ? t('bulk.counting') : changed === 0 ? t(job.kind === 'add' ? 'bulk.allHave' : 'bulk.noneHas') : t(job.kind === 'add' ? 'bulk.restAdd' : 'bulk.restRemove', { count: (preview.data?.matched ?? 0) - changed });
  return (
    <Modal opened onClose={onClose} title={t(job.kind === 'add' ? 'bulk.addTitle' : 'bulk.removeTitle', { count: job.chosen })} closeButtonProps={{ 'aria-label': t('common:action.close') }}>
      <form className={classes.form} onSubmit={(event) => void submit(event)}>
        {job.where && <p className={classes.dim}>{t('bulk.where', { words: job.where })}</p>}
        <TextInput data-autofocus label={t('bulk.tag')} value={tag} maxLength={TAG_CHARS_MAX} onChange={(event) => setTag(event.currentTarget.value)} />
        {offered.length > 0 && (
          <div className={classes.offers} role="group" aria-label={t('bulk.known')}>
            {offered.map((row) => <button key={row.tag} type="button" className={classes.offer} onClick={() => setTag(row.tag)}><bdi>{row.tag}</bdi><small>{numberWords(row.contacts)}</small></button>)}
          </div>
        )}
        <p className={classes.dim} aria-live="polite">{wanted !== '' && !preview.error ? words : ' '}</p>
        {(error !== null || preview.error) && <ProblemAlert error={error ?? preview.error} />}
        <div className={classes.formActions}>
          <Button variant="default" onClick={onClose}>{t('action.cancel')}</Button>
          <Button type="submit" loading={busy} disabled={!ready || changed === 0}>{ready && changed > 0 ? t(job.kind === 'add' ? 'bulk.add' : 'bulk.remove', { count: changed }) : t(job.kind === 'add' ? 'selection.tag' : 'selection.untag')}</Button>
        </div>
      </form>
    </Modal>
  );
}

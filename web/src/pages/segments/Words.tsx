import { Button, Textarea } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { IconPencil } from '@tabler/icons-react';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { asProblem } from '../../api/problem';
import { parseWords, wordsQuery } from '../../api/segments';
import type { PlainGroup } from '../../ui/ConditionBuilder/condition';
import { ProblemAlert } from '../../ui/ProblemAlert';
import classes from './segments.module.css';
import { reasonOf, spotOf } from './wordsError';

/** The text with a mark under the place where reading it stopped. */
function Spot({ text, at, detail }: { text: string; at: number; detail: string }) {
  const { t } = useTranslation('segments');
  const from = Math.max(0, at - 40);
  return (
    <div className={classes.spot} role="alert">
      <p>{detail}</p>
      <p className={classes.spotText} dir="ltr">
        {from > 0 && '…'}
        {text.slice(from, at)}
        <mark>{text.slice(at, at + 1).trim() || t('words.end')}</mark>
        {text.slice(at + 1, at + 40)}
        {at + 40 < text.length && '…'}
      </p>
    </div>
  );
}

interface EditProps { start: string; onDone: (condition: PlainGroup) => void; onCancel: () => void }

function EditWords({ start, onDone, onCancel }: EditProps) {
  const { t } = useTranslation('segments');
  const [text, setText] = useState(start);
  const field = useRef<HTMLTextAreaElement>(null);
  const read = useMutation({
    mutationFn: () => parseWords(text),
    onSuccess: ({ condition }) => onDone(condition),
    onError: (error) => {
      const spot = spotOf(asProblem(error), text);
      if (spot === null) return;
      field.current?.focus();
      field.current?.setSelectionRange(spot, Math.min(text.length, spot + 1));
    },
  });
  const problem = read.error ? asProblem(read.error) : null;
  const spot = problem ? spotOf(problem, text) : null;
  return (
    <form
      className={classes.wordsForm}
      onSubmit={(event) => {
        event.preventDefault();
        read.mutate();
      }}
    >
      <Textarea
        ref={field}
        autosize
        minRows={2}
        maxRows={10}
        data-autofocus
        autoFocus
        aria-label={t('words.field')}
        spellCheck={false}
        value={text}
        error={problem !== null}
        onChange={(event) => {
          setText(event.currentTarget.value);
          read.reset();
        }}
        onKeyDown={(event) => {
          if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
            event.preventDefault();
            read.mutate();
          } else if (event.key === 'Escape') {
            onCancel();
          }
        }}
      />
      {problem && (spot === null ? <ProblemAlert error={problem} /> : <Spot text={text} at={spot} detail={reasonOf(problem)} />)}
      <div className={classes.formActions}>
        <Button type="submit" size="xs" loading={read.isPending} disabled={text.trim() === ''}>{t('words.apply')}</Button>
        <Button size="xs" variant="default" onClick={onCancel}>{t('words.cancel')}</Button>
        <span className={classes.note}>{t('words.hint')}</span>
      </div>
    </form>
  );
}

/** The rules as a sentence, which can be edited and read back. */
export function Words({ condition, readOnly, onChange, onEditing }: { condition: PlainGroup; readOnly: boolean; onChange: (condition: PlainGroup) => void; onEditing: (editing: boolean) => void }) {
  const { t } = useTranslation('segments');
  const { data, error, isFetching, refetch } = useQuery({ ...wordsQuery(condition), placeholderData: (old) => old });
  const [editing, setEditing] = useState<string | null>(null);
  const edits = editing !== null;
  useEffect(() => onEditing(edits), [edits, onEditing]);
  return (
    <section className={`surface ${classes.words}`} aria-labelledby="segment-words">
      <div className={classes.panelHead}>
        <h2 id="segment-words">{t('words.title')}</h2>
        {!readOnly && editing === null && data && (
          <Button size="xs" variant="subtle" leftSection={<IconPencil size={14} aria-hidden />} onClick={() => setEditing(data.words)}>{t('words.edit')}</Button>
        )}
      </div>
      {editing !== null ? (
        <EditWords
          start={editing}
          onCancel={() => setEditing(null)}
          onDone={(next) => {
            setEditing(null);
            onChange(next);
          }}
        />
      ) : (
        <>
          {data && <p className={classes.sentence} data-stale={isFetching || undefined} data-testid="segment-words">{data.words}</p>}
          {!data && !error && <div className="skeleton" style={{ height: 16, width: '70%' }} />}
          {error && !data && <ProblemAlert error={error} onRetry={() => void refetch()} />}
        </>
      )}
    </section>
  );
}

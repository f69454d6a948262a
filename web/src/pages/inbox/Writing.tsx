import { IconMessage, IconNote } from '@tabler/icons-react';
import { useState, type RefObject } from 'react';
import { useTranslation } from 'react-i18next';
import type { Conversation } from '../../api/types';
import { useKeys } from '../../app/keyboard';
import { Composer } from './Composer';
import { NoteComposer } from './NoteComposer';
import classes from './replies.module.css';
import { useDraft } from './useDraft';

interface Props { row: Conversation; draft: [string, (text: string) => void]; field: RefObject<HTMLTextAreaElement | null>; onClose: () => void }

/** Where one writes: an answer to the contact, or a note that only the team sees. */
export function Writing({ row, draft, field, onClose }: Props) {
  const { t } = useTranslation('inbox');
  const [noting, setNoting] = useState(false);
  const note = useDraft(`${row.id}:note`);
  const show = (next: boolean): void => {
    setNoting(next);
    requestAnimationFrame(() => field.current?.focus());
  };
  useKeys(t('keys.thread'), [{ keys: 'n', label: t('keys.note'), run: () => show(true) }]);
  return (
    <>
      <div className={classes.modes} role="group" aria-label={t('note.modes')}>
        <button type="button" aria-pressed={!noting} className={classes.mode} onClick={() => show(false)}><IconMessage size={14} aria-hidden />{t('note.reply')}</button>
        <button type="button" aria-pressed={noting} className={classes.mode} data-note onClick={() => show(true)}><IconNote size={14} aria-hidden />{t('note.note')}{note[0] !== '' && !noting && <span className={classes.kept}>{t('note.kept')}</span>}</button>
      </div>
      {noting
        ? <NoteComposer conversation={row} draft={note} field={field} onDone={() => setNoting(false)} />
        : <Composer conversation={row} draft={draft} field={field} onClose={onClose} />}
    </>
  );
}

import type { NodeProps } from '@xyflow/react';
import { IconNote } from '@tabler/icons-react';
import { memo } from 'react';
import { useTranslation } from 'react-i18next';
import { useNoteText } from './noteText';
import classes from './canvas.module.css';
import type { NoteShape } from './shapes';

const CHARS_MAX = 4_000;

/** Words on the canvas that people leave for each other. */
export const NoteBox = memo(function NoteBox({ data: { note, writable } }: NodeProps<NoteShape>) {
  const { t } = useTranslation('flows');
  const setText = useNoteText();
  return (
    <div className={classes.note} data-note={note.id}>
      <div className={classes.noteHead}><IconNote size={14} aria-hidden />{t('note.title')}</div>
      <textarea className={`${classes.noteText} nodrag nopan nowheel`} aria-label={t('note.text')} placeholder={t('note.placeholder')} dir="auto" value={note.text} maxLength={CHARS_MAX} readOnly={!writable} onChange={(event) => setText(note.id, event.currentTarget.value)} />
    </div>
  );
});

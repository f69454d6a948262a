import { Button } from '@mantine/core';
import { IconNote, IconPlus } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { EmptyState } from '../../../ui/EmptyState';
import { NOTHING, stepOf } from './document';
import { useDocument, useEditor } from './editor';
import classes from './editor.module.css';
import { useNodeTypes } from './nodeTypes';
import { useActions } from './useActions';

/** All notes on the canvas; a click leads to each. */
export function CommentsPanel() {
  const { t } = useTranslation('flows');
  const editor = useEditor();
  const types = useNodeTypes();
  const document = useDocument();
  const actions = useActions();
  const add = editor.writable && <Button variant="default" size="xs" leftSection={<IconPlus size={14} aria-hidden />} onClick={actions.addNote}>{t('note.add')}</Button>;
  if (document.comments.length === 0) return <EmptyState icon={IconNote} title={t('note.none')} text={t('note.noneText')} action={add} />;
  return (
    <div className={classes.stack}>
      {add}
      <ul className={classes.problems}>
        {document.comments.map((note) => {
          const step = note.node === null ? undefined : stepOf(document, note.node);
          return (
            <li key={note.id}>
              <button type="button" className={classes.problem} onClick={() => {
                editor.select({ ...NOTHING, comments: [note.id] });
                editor.canvas.current?.centerNote(note.id);
              }}>
                <IconNote size={16} aria-hidden />
                <span><span className={classes.problemWords} dir="auto">{note.text || t('note.empty')}</span>{step && <small>{types.get(step.type)?.title ?? step.type}</small>}</span>
              </button>
            </li>
          );
        })}
      </ul>
    </div>
  );
}

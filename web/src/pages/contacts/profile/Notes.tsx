import { Button, Textarea } from '@mantine/core';
import { IconNote, IconPencil, IconTrash } from '@tabler/icons-react';
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState, type KeyboardEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { idempotencyKey } from '../../../api/client';
import { addNote, deleteNote, editNote } from '../../../api/contacts';
import type { ContactDetail, TimelineEntry } from '../../../api/contactTypes';
import { keys } from '../../../api/keys';
import { can } from '../../../api/permissions';
import { draftKey, readDraft, writeDraft } from '../../../app/drafts';
import { useMe } from '../../../app/session';
import { toastProblem, toastUndo } from '../../../ui/toast';
import classes from './timeline.module.css';

const CHARS_MAX = 10_000;

function useAgain(id: string): () => void {
  const client = useQueryClient();
  return () => void client.invalidateQueries({ queryKey: keys.timelines(id) });
}

interface EditorProps { label: string; text: string; setText: (text: string) => void; onSave: () => void; onCancel: () => void; busy: boolean; save: string }

function NoteEditor({ label, text, setText, onSave, onCancel, busy, save }: EditorProps) {
  const { t } = useTranslation('contacts');
  const field = useRef<HTMLTextAreaElement>(null);
  useEffect(() => field.current?.focus(), []);
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) onSave();
    else if (event.key === 'Escape') onCancel();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div className={classes.noteEditor}>
      <Textarea ref={field} aria-label={label} placeholder={t('note.placeholder')} variant="unstyled" autosize minRows={2} maxRows={12} maxLength={CHARS_MAX} dir="auto" value={text} onChange={(event) => setText(event.currentTarget.value)} onKeyDown={onKeyDown} classNames={{ input: classes.noteField }} />
      <div className={classes.noteActions}>
        <span className={classes.small}>{t('note.private')}</span>
        <Button size="xs" variant="default" onClick={onCancel}>{t('action.cancel')}</Button>
        <Button size="xs" loading={busy} disabled={text.trim() === ''} title={t('note.keys')} onClick={onSave}>{save}</Button>
      </div>
    </div>
  );
}

/** A note for the team. What was typed survives a reload. */
export function NoteComposer({ contact, open, onOpen }: { contact: ContactDetail; open: boolean; onOpen: (open: boolean) => void }) {
  const { t } = useTranslation('contacts');
  const me = useMe();
  const again = useAgain(contact.id);
  const draft = draftKey(me.tenant.id, me.user?.id ?? '', contact.id);
  const [text, setText] = useState(() => readDraft(draft));
  const [busy, setBusy] = useState(false);
  const key = useRef(idempotencyKey());
  const type = (next: string): void => {
    setText(next);
    writeDraft(draft, next);
  };
  const save = async (): Promise<void> => {
    if (text.trim() === '' || busy) return;
    setBusy(true);
    try {
      await addNote(contact.id, text.trim(), key.current);
      key.current = idempotencyKey();
      type('');
      onOpen(false);
      again();
    } catch (error) {
      toastProblem(t, t('note.failed'), error);
    }
    setBusy(false);
  };
  if (!open && text === '') {
    return <button type="button" className={classes.noteStart} onClick={() => onOpen(true)}><IconNote size={16} aria-hidden />{t('note.add')}</button>;
  }
  return <NoteEditor label={t('note.add')} text={text} setText={type} busy={busy} save={t('note.save')} onSave={() => void save()} onCancel={() => {
    type('');
    onOpen(false);
  }} />;
}

/** A note with its text; its writer's tools when they may. */
export function NoteBody({ entry, contact, mayNote }: { entry: TimelineEntry; contact: ContactDetail; mayNote: boolean }) {
  const { t } = useTranslation('contacts');
  const me = useMe();
  const own = mayNote && entry.actor?.id === me.user?.id;
  const mayDelete = own || (mayNote && can(me, 'writeContacts'));
  const again = useAgain(contact.id);
  const body = typeof entry.data.body === 'string' ? entry.data.body : '';
  const [text, setText] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const save = async (): Promise<void> => {
    if (text === null || text.trim() === '') return;
    setBusy(true);
    try {
      await editNote(contact.id, entry.id, text.trim());
      setText(null);
      again();
    } catch (error) {
      toastProblem(t, t('note.failed'), error);
    }
    setBusy(false);
  };
  const remove = async (): Promise<void> => {
    try {
      await deleteNote(contact.id, entry.id);
      again();
      toastUndo(t('note.deleted'), () => void addNote(contact.id, body, idempotencyKey()).then(again, (error: unknown) => toastProblem(t, t('note.failed'), error)));
    } catch (error) {
      toastProblem(t, t('note.notDeleted'), error);
    }
  };
  if (text !== null) return <NoteEditor label={t('note.edit')} text={text} setText={setText} busy={busy} save={t('action.save')} onSave={() => void save()} onCancel={() => setText(null)} />;
  return (
    <div className={classes.note}>
      <div dir="auto" className={classes.noteText}>{body}</div>
      {typeof entry.data.edited_at === 'string' && <span className={classes.small}>{t('note.edited')}</span>}
      {mayDelete && (
        <span className={classes.noteTools}>
          {own && <button type="button" aria-label={t('note.edit')} title={t('note.edit')} onClick={() => setText(body)}><IconPencil size={15} aria-hidden /></button>}
          <button type="button" aria-label={t('note.delete')} title={t('note.delete')} onClick={() => void remove()}><IconTrash size={15} aria-hidden /></button>
        </span>
      )}
    </div>
  );
}

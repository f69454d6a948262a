import { useQueryClient } from '@tanstack/react-query';
import { IconNote, IconStar, IconStarFilled, IconTrash } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { idempotencyKey } from '../../api/client';
import { addNote, deleteNote } from '../../api/contacts';
import type { TimelineEntry } from '../../api/contactTypes';
import { keys } from '../../api/keys';
import { contactOf } from '../../api/mentions';
import { can } from '../../api/permissions';
import { useMe } from '../../app/session';
import { absoluteTime, clockTime } from '../../ui/time';
import { toastProblem, toastUndo } from '../../ui/toast';
import classes from './thread.module.css';

/** That a conversation was closed, and what became of it. */
export function ClosedEntry({ entry }: { entry: TimelineEntry }) {
  const { t } = useTranslation('inbox');
  const me = useMe();
  const code = typeof entry.data.wrap_up === 'string' ? entry.data.wrap_up : '';
  const who = entry.actor?.name || t('note.somebody');
  return (
    <li className={classes.channelChange}>
      <span title={absoluteTime(entry.at, me.tenant.time_zone)}>{t(code ? 'thread.closedAs' : 'thread.closed', { who, code })}</span>
    </li>
  );
}

/** What was written for whoever got the conversation. */
export function PassedEntry({ entry }: { entry: TimelineEntry }) {
  const { t } = useTranslation('inbox');
  const me = useMe();
  const text = (name: string): string => (typeof entry.data[name] === 'string' ? entry.data[name] : '');
  const to = entry.kind === 'transferred' ? text('queue') : text('name');
  return (
    <li className={classes.note}>
      <div className={classes.noteHead} title={absoluteTime(entry.at, me.tenant.time_zone)}>
        <IconNote size={13} aria-hidden />
        <bdi>{t('pass.to', { who: entry.actor?.name || t('note.somebody'), name: to })}</bdi>
      </div>
      <div dir="auto">{text('note')}</div>
    </li>
  );
}

const STARS = [1, 2, 3, 4, 5];

/** What the contact answered when they were asked how it was. */
export function RatedEntry({ entry }: { entry: TimelineEntry }) {
  const { t } = useTranslation('inbox');
  const me = useMe();
  const score = Number(entry.data.score);
  return (
    <li className={classes.rated} data-score={score} title={absoluteTime(entry.at, me.tenant.time_zone)}>
      <span className={classes.stars} aria-hidden>{STARS.map((star) => (star <= score ? <IconStarFilled key={star} size={16} /> : <IconStar key={star} size={16} />))}</span>
      {t('thread.rated', { score })}
    </li>
  );
}

/** A note of the team in a thread: never sent, and not to be taken for a message. */
export function NoteEntry({ note, conversationId }: { note: TimelineEntry; conversationId: string }) {
  const { t } = useTranslation('inbox');
  const me = useMe();
  const client = useQueryClient();
  const contactId = contactOf(conversationId);
  const body = typeof note.data.body === 'string' ? note.data.body : '';
  const mayDelete = can(me, 'writeContacts') || (can(me, 'writeInbox') && note.actor?.id === me.user?.id);
  const again = () => client.invalidateQueries({ queryKey: keys.timelines(contactId) });
  const remove = async (): Promise<void> => {
    try {
      await deleteNote(contactId, note.id);
      await again();
      toastUndo(t('note.deleted'), () => void addNote(contactId, body, idempotencyKey()).then(again, (error: unknown) => toastProblem(t, t('note.failed'), error)));
    } catch (error) {
      toastProblem(t, t('note.notDeleted'), error);
    }
  };
  return (
    <li className={classes.note} data-note-id={note.id}>
      <div className={classes.noteHead}>
        <IconNote size={13} aria-hidden />
        <span><bdi>{note.actor?.name || t('note.somebody')}</bdi> · {t('note.private')}</span>
        <time dateTime={note.at} title={absoluteTime(note.at, me.tenant.time_zone)}>{clockTime(note.at, me.tenant.time_zone)}</time>
        {mayDelete && <button type="button" className={classes.mark} aria-label={t('note.delete')} onClick={() => void remove()}><IconTrash size={14} aria-hidden /></button>}
      </div>
      <div dir="auto" className={classes.noteBody}>{body}</div>
    </li>
  );
}

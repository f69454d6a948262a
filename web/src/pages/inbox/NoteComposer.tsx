import { Button, Textarea } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { IconNote } from '@tabler/icons-react';
import { useId, useRef, useState, type KeyboardEvent, type RefObject } from 'react';
import { useTranslation } from 'react-i18next';
import { idempotencyKey } from '../../api/client';
import { addNote } from '../../api/contacts';
import { keys } from '../../api/keys';
import { contactOf } from '../../api/mentions';
import { can } from '../../api/permissions';
import { usersQuery } from '../../api/queries';
import type { Conversation } from '../../api/types';
import { useMe } from '../../app/session';
import { Avatar } from '../../ui/Avatar';
import { toastProblem } from '../../ui/toast';
import { atWord, withName } from './notes';
import replies from './replies.module.css';
import classes from './thread.module.css';

const CHARS_MAX = 4_000;
const OFFERED_MAX = 8;

interface Person { id: string; name: string }

/** Colleagues with a name that begins with what is typed after an @. */
function useColleagues(word: string | null): Person[] {
  const me = useMe();
  const { data } = useQuery({ ...usersQuery, enabled: word !== null && can(me, 'readUsers') });
  if (word === null) return [];
  const wanted = word.toLocaleLowerCase();
  return (data?.items ?? []).filter((person) => person.status === 'active' && person.id !== me.user?.id && ` ${person.name.toLocaleLowerCase()}`.includes(` ${wanted}`)).slice(0, OFFERED_MAX);
}

interface Props { conversation: Conversation; draft: [string, (text: string) => void]; field: RefObject<HTMLTextAreaElement | null>; onDone: () => void }

/** A note for the team: never sent. An @ names a colleague, who is told. */
export function NoteComposer({ conversation, draft: [text, setText], field, onDone }: Props) {
  const { t } = useTranslation('inbox');
  const client = useQueryClient();
  const id = useId();
  const key = useRef(idempotencyKey());
  const [busy, setBusy] = useState(false);
  const [active, setActive] = useState(0);
  const [closed, setClosed] = useState<string | null>(null);
  const word = atWord(text);
  const people = useColleagues(closed === text ? null : word);
  const at = Math.min(active, Math.max(0, people.length - 1));
  const contactId = contactOf(conversation.id);
  const save = async (): Promise<void> => {
    if (text.trim() === '' || busy) return;
    setBusy(true);
    try {
      await addNote(contactId, text.trim(), key.current);
      key.current = idempotencyKey();
      setText('');
      await client.invalidateQueries({ queryKey: keys.timelines(contactId) });
      onDone();
    } catch (error) {
      toastProblem(t, t('note.failed'), error);
    }
    setBusy(false);
  };
  const pick = (person: Person): void => {
    setText(withName(text, person.name));
    setActive(0);
    field.current?.focus();
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.nativeEvent.isComposing) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const person = people[at];
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) void save();
    else if (step && person) setActive((at + step + people.length) % people.length);
    else if ((event.key === 'Enter' || event.key === 'Tab') && person) pick(person);
    else if (event.key === 'Escape' && person) setClosed(text);
    else if (event.key === 'Escape') onDone();
    else return;
    event.preventDefault();
  };
  return (
    <form className={classes.composer} data-note aria-label={t('note.label')} onSubmit={(event) => {
      event.preventDefault();
      void save();
    }}>
      {people.length > 0 && (
        <div className={replies.box}>
          <div id={id} role="listbox" aria-label={t('note.people')} className={replies.list}>
            {people.map((person, place) => (
              <div key={person.id} id={`${id}-${place}`} role="option" tabIndex={-1} aria-selected={place === at} className={replies.person} onMouseDown={(event) => {
                event.preventDefault();
                pick(person);
              }}>
                <Avatar name={person.name} id={person.id} size={22} />
                <bdi>{person.name}</bdi>
              </div>
            ))}
          </div>
        </div>
      )}
      <Textarea
        ref={field}
        variant="unstyled"
        autosize
        minRows={2}
        maxRows={9}
        dir="auto"
        maxLength={CHARS_MAX}
        aria-label={t('note.label')}
        aria-autocomplete="list"
        aria-controls={people.length > 0 ? id : undefined}
        aria-activedescendant={people.length > 0 ? `${id}-${at}` : undefined}
        placeholder={t('note.placeholder')}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        onKeyDown={onKeyDown}
        classNames={{ input: classes.field }}
      />
      <div className={classes.composerBar}>
        <span className={classes.counter}>{t('note.private')}</span>
        <span className={classes.sendGroup}>
          <Button type="submit" color="yellow.9" loading={busy} disabled={text.trim() === ''} leftSection={<IconNote size={15} aria-hidden />} title={t('note.keys')}>{t('note.save')}</Button>
        </span>
      </div>
    </form>
  );
}

import { useQuery } from '@tanstack/react-query';
import { IconMessageBolt } from '@tabler/icons-react';
import { useEffect, useId, useRef, useState, type KeyboardEvent, type ReactNode, type RefObject } from 'react';
import { useTranslation } from 'react-i18next';
import { countReply, suggestionsQuery, type SuggestedReply } from '../../api/replies';
import type { Conversation } from '../../api/types';
import { slashWord, withReply } from './slash';
import classes from './replies.module.css';

const CHIPS_MAX = 3;
const NONE: SuggestedReply[] = [];

interface Offered { chips: ReactNode; list: ReactNode; onKeyDown: (event: KeyboardEvent) => boolean; aria: Record<string, string | boolean | undefined> }

function Option({ row, id, active, onPick }: { row: SuggestedReply; id: string; active: boolean; onPick: () => void }) {
  const { t } = useTranslation('inbox');
  const item = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (active) item.current?.scrollIntoView({ block: 'nearest' });
  }, [active]);
  return (
    <div ref={item} id={id} role="option" tabIndex={-1} aria-selected={active} aria-disabled={row.problem !== '' || undefined} className={classes.option} onMouseDown={(event) => {
      event.preventDefault(); // the field keeps its focus
      onPick();
    }}>
      <span className={classes.optionHead}>
        <strong><bdi>{row.name}</bdi></strong>
        <code>{`/${row.shortcut}`}</code>
        {row.folder && <small>{row.folder}</small>}
        {row.suggested && <small className={classes.fits}>{t('replies.fits')}</small>}
      </span>
      <span className={classes.preview} dir="auto">{row.problem ? t('replies.cannot', { why: row.problem }) : row.text}</span>
    </div>
  );
}

/** Saved replies of a composer: those that answer the last message as chips, and all of them behind a slash. */
export function useSavedReplies(conversation: Conversation, text: string, setText: (text: string) => void, field: RefObject<HTMLTextAreaElement | null>): Offered {
  const { t } = useTranslation('inbox');
  const id = useId();
  const [active, setActive] = useState(0);
  const [closed, setClosed] = useState<string | null>(null); // the text for which Escape closed the list
  const word = slashWord(text);
  const open = word !== null && closed !== text;
  const seen = `${conversation.last_at ?? ''} ${conversation.intent ?? ''}`;
  const asked = conversation.status === 'open' && conversation.last_direction === 'in';
  const best = useQuery({ ...suggestionsQuery(conversation.id, '', seen), enabled: asked || word === '' });
  const searched = useQuery({ ...suggestionsQuery(conversation.id, word ?? '', seen), enabled: open, placeholderData: (before) => before });
  const rows = open ? (searched.data?.items ?? NONE) : NONE;
  const at = Math.min(active, Math.max(0, rows.length - 1));
  const pick = (row: SuggestedReply, whole: boolean): void => {
    if (row.problem) return;
    setText(whole ? row.text : withReply(text, row.text));
    setActive(0);
    field.current?.focus();
    void countReply(row.id, conversation.id).catch(() => undefined); // a count that is lost changes an order a little
  };
  const onKeyDown = (event: KeyboardEvent): boolean => {
    if (!open || event.nativeEvent.isComposing) return false;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const row = rows[at];
    if (step && rows.length > 0) setActive((at + step + rows.length) % rows.length);
    else if (event.key === 'Escape') setClosed(text);
    else if ((event.key === 'Enter' && !event.ctrlKey && !event.metaKey && !event.shiftKey || event.key === 'Tab') && row) pick(row, false);
    else return false;
    event.preventDefault();
    return true;
  };
  const fitting = asked && text === '' ? (best.data?.items ?? NONE).filter((row) => row.suggested).slice(0, CHIPS_MAX) : NONE;
  const chips = fitting.length > 0 && (
    <div className={classes.chips} role="group" aria-label={t('replies.suggested')}>
      <IconMessageBolt size={15} aria-hidden />
      {fitting.map((row) => <button key={row.id} type="button" title={row.text} className={classes.chip} onClick={() => pick(row, true)}><bdi>{row.name}</bdi></button>)}
    </div>
  );
  const list = open && (
    <div className={classes.box}>
      {searched.data && rows.length === 0 && <p className={classes.nothing}>{t(word ? 'replies.noMatch' : 'replies.none')}</p>}
      {rows.length > 0 && (
        <div id={id} role="listbox" aria-label={t('replies.label')} className={classes.list}>
          {rows.map((row, place) => <Option key={row.id} row={row} id={`${id}-${place}`} active={place === at} onPick={() => pick(row, false)} />)}
        </div>
      )}
    </div>
  );
  const shown = rows.length > 0;
  return { chips, list, onKeyDown, aria: { 'aria-autocomplete': 'list', 'aria-controls': shown ? id : undefined, 'aria-activedescendant': shown ? `${id}-${at}` : undefined } };
}

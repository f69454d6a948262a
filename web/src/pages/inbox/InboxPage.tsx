import { ActionIcon } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { IconMessages, IconMessageSearch } from '@tabler/icons-react';
import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useCallback, useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { can } from '../../api/permissions';
import { conversationQuery, countsQuery } from '../../api/queries';
import type { Conversation } from '../../api/types';
import { Denied } from '../../app/Fallbacks';
import { useKeys } from '../../app/keyboard';
import { useMe } from '../../app/session';
import { EmptyState } from '../../ui/EmptyState';
import { choose, chooseNone, chosen } from './chosen';
import { ContactPanel } from './ContactPanel';
import { ConversationList } from './ConversationList';
import classes from './inbox.module.css';
import { MessageSearch } from './MessageSearch';
import { Thread } from './Thread';
import { ViewsMenu, ViewsPane } from './ViewsPane';

const WIDE = '(min-width: 1280px)';

function useCursor(view: string, q: string, openId: string | undefined) {
  const navigate = useNavigate();
  const rows = useRef<Conversation[]>([]);
  const place = useRef(0);
  const [cursor, setCursor] = useState<string | undefined>(openId);
  useEffect(() => {
    if (openId) setCursor(openId);
  }, [openId]);
  const remember = useCallback((next: Conversation[]) => {
    rows.current = next;
  }, []);
  const open = (id: string): void => void navigate({ to: '/inbox/$view/$conversation', params: { view, conversation: id }, search: q ? { q } : {} });
  /** A row that left the list leaves its place: the next step goes on from there. */
  const step = (by: 1 | -1, thenOpen: boolean): void => {
    const at = rows.current.findIndex((row) => row.id === cursor);
    const from = at >= 0 ? at : by === 1 ? place.current - 1 : place.current;
    const next = rows.current[Math.min(rows.current.length - 1, Math.max(0, from + by))];
    if (!next) return;
    place.current = rows.current.indexOf(next);
    setCursor(next.id);
    if (thenOpen) open(next.id);
  };
  return { cursor, remember, step, openCursor: () => cursor && open(cursor) };
}

/** How many conversations wait, in the title of the tab. */
function useTitleCount(): void {
  const { data: counts } = useQuery(countsQuery);
  const mine = counts?.mine ?? 0;
  useEffect(() => {
    const plain = document.title.replace(/^\(\d+\) /, '');
    document.title = mine > 0 ? `(${mine}) ${plain}` : plain;
    return () => {
      document.title = plain;
    };
  }, [mine]);
}

/** Said by screen readers when it changes; the list itself is too lively for that. */
function Summary() {
  const { t } = useTranslation('inbox');
  const { data: counts } = useQuery(countsQuery);
  return <p className="visually-hidden" aria-live="polite">{counts && t('summary', { open: counts.open, unassigned: counts.unassigned })}</p>;
}

function Inbox() {
  const { t } = useTranslation('inbox');
  const me = useMe();
  const navigate = useNavigate();
  const { view = 'open', conversation } = useParams({ strict: false });
  const { q = '' } = useSearch({ from: '/app/inbox' });
  const [panel, setPanel] = useState(() => matchMedia(WIDE).matches);
  const [views, setViews] = useState(true);
  const searchField = useRef<HTMLInputElement>(null);
  const { cursor, remember, step, openCursor } = useCursor(view, q, conversation);
  const { data: row } = useQuery({ ...conversationQuery(conversation ?? ''), enabled: Boolean(conversation) });
  const [searching, setSearching] = useState(false);
  const toggle = useCallback(() => setPanel((open) => !open), []);
  useTitleCount();
  useKeys(t('keys.list'), [
    { keys: 'j', label: t('keys.down'), run: () => step(1, false) },
    { keys: 'k', label: t('keys.up'), run: () => step(-1, false) },
    { keys: 'Enter', label: t('keys.open'), run: () => void openCursor() },
    { keys: 'Shift J', label: t('keys.next'), run: () => step(1, true) },
    { keys: 'Shift K', label: t('keys.previous'), run: () => step(-1, true) },
    ...(can(me, 'writeInbox') ? [{ keys: 'x', label: t('keys.choose'), run: () => cursor && chosen.set(choose(chosen.get(), cursor)) }] : []),
    { keys: '/', label: t('keys.search'), run: () => searchField.current?.focus() },
    { keys: 'f', label: t('keys.messages'), run: () => setSearching(true) },
    { keys: '[', label: t('keys.views'), run: () => setViews((open) => !open) },
    { keys: 'Esc', label: t('keys.leave'), run: () => (chosen.get().length > 0 ? chooseNone() : conversation && void navigate({ to: '/inbox/$view', params: { view }, search: q ? { q } : {} })) },
  ]);
  return (
    <div className={classes.inbox} data-views={views || undefined} data-panel={(panel && row) || undefined} data-open={conversation ? true : undefined}>
      <h1 className="visually-hidden">{t('title')}</h1>
      <Summary />
      {views && <ViewsPane />}
      <section className={classes.list} aria-label={t('list.section')}>
        <ViewsMenu view={view} />
        <ConversationList view={view} q={q} openId={conversation} cursor={cursor} searchField={searchField} onRows={remember} tools={<ActionIcon size={36} variant="default" aria-label={t('search.open')} title={t('search.open')} aria-keyshortcuts="f" onClick={() => setSearching(true)}><IconMessageSearch size={18} aria-hidden /></ActionIcon>} />
      </section>
      {conversation ? (
        <Thread conversationId={conversation} panel={panel} onPanel={toggle} />
      ) : (
        <section className={classes.nothing} aria-label={t('thread.section')}>
          <EmptyState icon={IconMessages} title={t('thread.none')} text={t('thread.noneText')} />
        </section>
      )}
      {panel && row && <ContactPanel row={row} onClose={toggle} />}
      {searching && <MessageSearch onClose={() => setSearching(false)} />}
    </div>
  );
}

export function InboxPage() {
  const me = useMe();
  return can(me, 'readInbox') ? <Inbox /> : <Denied />;
}

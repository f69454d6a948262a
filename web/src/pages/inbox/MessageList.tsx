import { useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query';
import { IconArrowDown } from '@tabler/icons-react';
import { useSearch } from '@tanstack/react-router';
import { useCallback, useLayoutEffect, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { idempotencyKey } from '../../api/client';
import { notesQuery } from '../../api/mentions';
import { can } from '../../api/permissions';
import { messagesQuery, newestPage } from '../../api/queries';
import type { Message } from '../../api/types';
import { putMessage } from '../../app/liveCache';
import { useMe } from '../../app/session';
import { useStore } from '../../app/store';
import { ProblemAlert } from '../../ui/ProblemAlert';
import { toast, toastProblem } from '../../ui/toast';
import { dayName } from '../../ui/time';
import { MessageBubble } from './MessageBubble';
import { CallEntry } from './CallEntry';
import { ClosedEntry, NoteEntry, PassedEntry, RatedEntry } from './NoteEntry';
import { withNotes, type ThreadItem } from './notes';
import { arrived, attempt, discard, isUnconfirmed, outbox, replace, seenNow, type Outgoing } from './outbox';
import { PendingBubble } from './PendingBubble';
import classes from './thread.module.css';
import { timeline } from './timeline';
import { useSought } from './useSought';

const NEAR_PX = 80;
/** From so many rows on the browser leaves out what is not in view. */
const LONG = 150;
const END_FRAMES = 3;
const NO_MESSAGES: Message[] = [];

/** Keeps the end in view while the reader is there, and the reader's place when older messages come above it. */
function useScroll(firstId: string | undefined, lastId: string | undefined, pending: number) {
  const box = useRef<HTMLDivElement>(null);
  const atEnd = useRef(true);
  const before = useRef({ first: firstId, last: lastId, pending, height: 0 });
  const [unseen, setUnseen] = useState(0);
  const toEnd = useCallback(() => {
    // What comes into view takes its true height in the frames that follow, and the end moves with it.
    const go = (frames: number): void => {
      if (box.current) box.current.scrollTop = box.current.scrollHeight;
      if (frames > 0) requestAnimationFrame(() => go(frames - 1));
    };
    go(END_FRAMES);
    setUnseen(0);
  }, []);
  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    const old = before.current;
    const older = old.first !== undefined && firstId !== old.first && lastId === old.last;
    if (older && element.scrollTop < NEAR_PX) element.scrollTop += element.scrollHeight - old.height;
    else if (old.last === undefined || pending > old.pending || atEnd.current) toEnd();
    else if (lastId !== old.last) setUnseen((count) => count + 1);
    before.current = { first: firstId, last: lastId, pending, height: element.scrollHeight };
  }, [firstId, lastId, pending, toEnd]);
  const onScroll = (): void => {
    const element = box.current;
    if (!element) return;
    atEnd.current = element.scrollHeight - element.scrollTop - element.clientHeight < NEAR_PX;
    before.current.height = element.scrollHeight;
    if (atEnd.current) setUnseen(0);
  };
  return { box, unseen, toEnd, onScroll, atEnd };
}

function Item({ item, name, conversationId }: { item: ThreadItem; name: string; conversationId: string }) {
  const { t } = useTranslation('inbox');
  const me = useMe();
  switch (item.kind) {
    case 'day': return <li className={classes.day}><span>{dayName(item.at, me.tenant.time_zone)}</span></li>;
    case 'channel': return <li className={classes.channelChange}><span>{t('thread.channelChange', { channel: t(`common:channel.${item.channel}`, item.channel) })}</span></li>;
    case 'note':
      if (item.note.kind === 'closed') return <ClosedEntry entry={item.note} />;
      if (item.note.kind === 'assigned' || item.note.kind === 'transferred') return item.note.data.note ? <PassedEntry entry={item.note} /> : null;
      if (item.note.kind === 'rated') return <RatedEntry entry={item.note} />;
      if (item.note.kind === 'call') return <CallEntry entry={item.note} />;
      return <NoteEntry note={item.note} conversationId={conversationId} />;
    case 'message': return <MessageBubble message={item.message} first={item.first} last={item.last} name={name} />;
  }
}

function Loading() {
  const widths = ['46%', '32%', '54%', '28%', '40%'];
  return (
    <div className={classes.loading} aria-busy>
      {widths.map((width, at) => <div key={width} className="skeleton" style={{ width, height: 40, alignSelf: at % 2 ? 'flex-end' : 'flex-start' }} />)}
    </div>
  );
}

/** The thread, oldest above; older pages load when the reader comes near the top. */
export function MessageList({ conversationId, name, onEdit }: { conversationId: string; name: string; onEdit: (text: string) => void }) {
  const { t } = useTranslation('inbox');
  const client = useQueryClient();
  const me = useMe();
  const query = useInfiniteQuery(messagesQuery(conversationId));
  const entries = useStore(outbox(conversationId));
  const messages = useMemo(() => query.data?.pages.toReversed().flatMap((page) => page.items) ?? NO_MESSAGES, [query.data]);
  const { data: notes } = useQuery({ ...notesQuery(conversationId), enabled: can(me, 'readContacts') });
  const items = useMemo(() => withNotes(timeline(messages, me.tenant.time_zone), notes?.items ?? [], query.hasNextPage), [messages, me.tenant.time_zone, notes, query.hasNextPage]);
  const { box, unseen, toEnd, onScroll } = useScroll(messages[0]?.id, messages.at(-1)?.id, entries.length + (notes?.items.length ?? 0));
  const { m: sought } = useSearch({ strict: false });
  useSought(sought, messages.some((message) => message.id === sought), { ...query, loaded: query.data?.pages.length ?? 0 }, box);
  const loadOlder = (): void => {
    if (query.hasNextPage && !query.isFetchingNextPage) void query.fetchNextPage();
  };
  const scrolled = (): void => {
    onScroll();
    if (box.current && box.current.scrollTop < NEAR_PX) loadOlder();
  };
  const retry = (entry: Outgoing): void => void attempt(conversationId, entry, (message) => putMessage(client, conversationId, message));
  /** Before another text is written, whether this one left after all. */
  const edit = async (entry: Outgoing): Promise<void> => {
    if (isUnconfirmed(entry)) {
      const page = await newestPage(conversationId).catch((error: unknown) => {
        toastProblem(t, t('thread.unsure'), error);
        return null;
      });
      if (!page) return;
      const found = arrived(entry, page.items);
      if (found) {
        putMessage(client, conversationId, found);
        discard(conversationId, entry.key);
        toast(t('thread.left'));
        return;
      }
    }
    discard(conversationId, entry.key);
    onEdit(entry.text);
  };
  return (
    <div className={classes.scrollFrame}>
      <div className={classes.scroll} ref={box} onScroll={scrolled} tabIndex={0} role="log" aria-label={t('thread.label', { name })} aria-live="off">
        {query.isPending && <Loading />}
        {query.isError && !query.data && <div className={classes.pad}><ProblemAlert error={query.error} onRetry={() => void query.refetch()} /></div>}
        {query.hasNextPage && <button type="button" className={classes.older} onClick={loadOlder}>{t(query.isFetchingNextPage ? 'thread.loadingOlder' : 'thread.older')}</button>}
        <ol className={classes.messages} data-long={items.length > LONG || undefined}>
          {items.map((item) => <Item key={item.key} item={item} name={name} conversationId={conversationId} />)}
          {entries.map((entry) => (
            <PendingBubble
              key={entry.key}
              entry={entry}
              onRetry={() => retry(entry)}
              onAnyway={(messageId) => {
                const again = seenNow(entry, idempotencyKey(), messageId);
                replace(conversationId, entry.key, again);
                retry(again);
              }}
              onDiscard={() => discard(conversationId, entry.key)}
              onEdit={() => void edit(entry)}
            />
          ))}
        </ol>
      </div>
      {unseen > 0 && (
        <button type="button" className={classes.pill} onClick={toEnd}>
          <IconArrowDown size={14} aria-hidden />
          {t('thread.new', { count: unseen })}
        </button>
      )}
    </div>
  );
}

import { useQuery, useQueryClient } from '@tanstack/react-query';
import { IconEyeOff } from '@tabler/icons-react';
import { lazy, Suspense, useEffect, useRef, useState, type RefObject } from 'react';
import { useTranslation } from 'react-i18next';
import { asProblem } from '../../api/problem';
import { can } from '../../api/permissions';
import { conversationQuery } from '../../api/queries';
import type { Conversation } from '../../api/types';
import { markRead } from '../../api/writes';
import { useKeys } from '../../app/keyboard';
import { putConversation } from '../../app/liveCache';
import { useMe } from '../../app/session';
import { EmptyState } from '../../ui/EmptyState';
import { ProblemAlert } from '../../ui/ProblemAlert';
import { useClosing } from './CloseButton';
import { HandedOn } from './HandedOn';
import { MessageList } from './MessageList';
import classes from './thread.module.css';
import { ThreadCall } from './ThreadCall';
import { ThreadHeader, type MenuState } from './ThreadHeader';
import { useActions } from './useActions';
import { useDraft } from './useDraft';
import { Writing } from './Writing';

const HandBack = lazy(() => import('./HandBack')); // few conversations have a journey that waits
const Withdrawn = lazy(() => import('./Withdrawn'));
const READ_MS = 600;
const NO_ACCESS = [403, 404];

/** Marks what is on screen as read, once the reader has had it for a moment in a visible page. */
function useReading(row: Conversation | undefined, mayWrite: boolean): void {
  const client = useQueryClient();
  const me = useMe();
  const unread = row?.unread ?? 0;
  const id = row?.id;
  useEffect(() => {
    if (!id || unread === 0 || !mayWrite) return undefined;
    const read = (): void => {
      if (document.visibilityState !== 'visible') return;
      // Losing this costs nothing: the next look at the conversation marks it again.
      void markRead(id).then((fresh) => putConversation(client, fresh, me.user?.id)).catch(() => undefined);
    };
    const timer = setTimeout(read, READ_MS);
    document.addEventListener('visibilitychange', read);
    return () => {
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', read);
    };
  }, [client, id, unread, mayWrite, me.user?.id]);
}

/** The button of what the contact's newest message means. */
const newestIntent = (): HTMLElement | undefined => [...document.querySelectorAll<HTMLElement>('[role=log] [data-intent]')].at(-1);

interface OpenProps { row: Conversation; mayWrite: boolean; panel: boolean; onPanel: () => void }

function useThreadKeys(row: Conversation, mayWrite: boolean, menu: MenuState, field: RefObject<HTMLTextAreaElement | null>, onPanel: () => void): ReturnType<typeof useActions> & { ask: (row: Conversation) => void } {
  const { t } = useTranslation('inbox');
  const me = useMe();
  const actions = useActions();
  const close = useClosing(actions);
  const open = row.status === 'open' || row.status === 'snoozed' || row.status === 'waiting';
  const write = mayWrite && open
    ? [
        { keys: 'e', label: t('keys.close'), run: () => close(row) },
        { keys: 'i', label: t('keys.me'), run: () => me.user && actions.assign(row, { id: me.user.id, name: me.user.name }) },
        { keys: 'a', label: t('keys.assign'), run: () => menu.set('assign') },
        { keys: 't', label: t('keys.transfer'), run: () => menu.set('transfer') },
        { keys: 'z', label: t('keys.rest'), run: () => menu.set('rest') },
        ...(row.waiting_flows.length > 0 ? [{ keys: 'b', label: t('back.do'), run: () => menu.set('back') }] : []),
      ]
    : mayWrite && row.status === 'closed' ? [{ keys: 'e', label: t('keys.reopen'), run: () => actions.reopen(row) }] : [];
  useKeys(t('keys.thread'), [
    ...(mayWrite ? [{ keys: 'r', label: t('keys.reply'), run: () => field.current?.focus() }] : []),
    ...(mayWrite ? [{ keys: 'l', label: t('keys.tags'), run: () => menu.set('tags') }] : []),
    ...write,
    { keys: 'c', label: t('keys.intent'), run: () => newestIntent()?.click() },
    { keys: ']', label: t('keys.panel'), run: onPanel },
  ]);
  useKeys(t('keys.composer'), mayWrite
    ? [{ keys: 'Ctrl Enter', label: t('keys.send'), run: () => undefined }, { keys: 'Ctrl Shift Enter', label: t('keys.sendClose'), run: () => undefined }]
    : []);
  return { ...actions, ask: close };
}

function OpenThread({ row, mayWrite, panel, onPanel }: OpenProps) {
  const field = useRef<HTMLTextAreaElement>(null);
  const [opened, set] = useState<MenuState['opened']>(null);
  const menu = { opened, set };
  const draft = useDraft(row.id);
  const actions = useThreadKeys(row, mayWrite, menu, field, onPanel);
  useReading(row, mayWrite);
  return (
    <>
      <ThreadHeader row={row} actions={actions} menu={menu} mayWrite={mayWrite} panel={panel} onPanel={onPanel} />
      <ThreadCall conversationId={row.id} />
      <MessageList conversationId={row.id} name={row.contact.name || row.contact.address || ''} onEdit={(text) => {
        draft[1](draft[0].trim() === '' ? text : `${draft[0]}\n${text}`);
        field.current?.focus();
      }} />
      <HandedOn row={row} />
      {mayWrite && row.waiting_flows.length > 0 && <Suspense><HandBack row={row} actions={actions} opened={opened === 'back'} onChange={(now) => set(now ? 'back' : null)} /></Suspense>}
      {!mayWrite && draft[0] !== '' && <Suspense><Withdrawn text={draft[0]} onDiscard={() => draft[1]('')} /></Suspense>}
      {mayWrite && <Writing row={row} draft={draft} field={field} onClose={() => actions.ask(row)} />}
    </>
  );
}

function Loading() {
  return (
    <div className={classes.head} aria-busy>
      <div className={classes.who}>
        <div className="skeleton" style={{ width: 180, height: 16 }} />
        <div className="skeleton" style={{ width: 120, height: 12, marginBlockStart: 8 }} />
      </div>
    </div>
  );
}

export function Thread({ conversationId, panel, onPanel }: { conversationId: string; panel: boolean; onPanel: () => void }) {
  const { t } = useTranslation('inbox');
  const me = useMe();
  const { data: row, error, refetch } = useQuery(conversationQuery(conversationId));
  const gone = !row && error && NO_ACCESS.includes(asProblem(error).status);
  return (
    <section className={classes.thread} aria-label={t('thread.section')}>
      {gone && <EmptyState icon={IconEyeOff} title={t('thread.gone')} text={t('thread.goneText')} />}
      {!row && error && !gone && <div className={classes.pad}><ProblemAlert error={error} onRetry={() => void refetch()} /></div>}
      {!row && !error && <Loading />}
      {row && <OpenThread key={row.id} row={row} mayWrite={can(me, 'writeInbox')} panel={panel} onPanel={onPanel} />}
    </section>
  );
}

/** Stream events → query cache. Rows that come with an event are patched in; counters are asked again, at most once in two seconds. */
import type { InfiniteData, QueryClient } from '@tanstack/react-query';
import { keys, type ListParams } from '../api/keys';
import { isQueue } from '../api/queries';
import type { Import } from '../api/types';
import type { Conversation, Home, LiveEvent, Me, Message, MessagePatch, Page } from '../api/types';
import { Arrivals } from './arrivals';
import { putCampaign } from './liveCampaigns';
import { ownCalls, putCall, putSaid } from './liveCalls';
import { LiveContacts } from './liveContacts';
import { typists, viewers } from './typists';

type Pages<T> = InfiniteData<Page<T>, string | null>;

const COUNTS_MS = 2_000;
const FLOWS_MS = 1_000;

/** Order of the delivery states; an answer that arrives late never moves a message backward. */
const RANK: Record<string, number> = { received: 0, queued: 0, sending: 1, unknown: 2, sent: 3, refused: 5, expired: 5, undelivered: 5, failed: 5, delivered: 6, read: 7 };
const rank = (status: string): number => RANK[status] ?? 0;

/** The later of two versions of one message. */
export function mergeMessage(old: Message, patch: MessagePatch): Message {
  const present = Object.fromEntries(Object.entries(patch).filter(([, value]) => value !== null && value !== undefined));
  if (rank(patch.status) < rank(old.status)) return { ...old, ...present, status: old.status, reason: old.reason, error_code: old.error_code };
  return { ...old, ...present, reason: patch.reason ?? null, error_code: patch.error_code ?? null };
}

/** Whether a conversation belongs to a view of the inbox (a named one or a queue's id). */
export function inView(row: Conversation, view: string, userId: string | undefined): boolean {
  if (isQueue(view)) return row.status === 'open' && row.queue?.id === view;
  switch (view) {
    case 'open': return row.status === 'open';
    case 'mine': return row.status === 'open' && row.assignee?.id === userId;
    case 'unassigned': return row.status === 'open' && row.assignee === null;
    case 'closed':
    case 'snoozed':
    case 'waiting': return row.status === view;
    case 'offered': return row.status === 'open' && row.offer !== null && row.offer?.agent.id === userId;
    default: return true;
  }
}

function replaceIn<T extends { id: string }>(data: Pages<T>, id: string, change: (row: T) => T | null): Pages<T> {
  let hit = false;
  const pages = data.pages.map((page) => {
    if (!page.items.some((row) => row.id === id)) return page;
    hit = true;
    return { ...page, items: page.items.flatMap((row) => (row.id === id ? (change(row) ?? []) : row)) };
  });
  return hit ? { ...data, pages } : data;
}

const when = (row: Conversation): string => row.last_at ?? row.opened_at ?? '';

/** `data` with `row` where it belongs: newest first; not below the last loaded page while older pages exist. */
export function placeConversation(data: Pages<Conversation>, row: Conversation, belongs: boolean, mayInsert: boolean): Pages<Conversation> {
  const known = data.pages.some((page) => page.items.some((item) => item.id === row.id));
  if (!belongs) return known ? replaceIn(data, row.id, () => null) : data;
  if (!known && !mayInsert) return data;
  const without = known ? replaceIn(data, row.id, () => null) : data;
  const pages = without.pages.map((page) => ({ ...page, items: [...page.items] }));
  for (const page of pages) {
    const at = page.items.findIndex((item) => when(item) <= when(row));
    if (at >= 0) {
      page.items.splice(at, 0, row);
      return { ...data, pages };
    }
  }
  const last = pages.at(-1);
  if (last && (known || !last.has_more)) last.items.push(row);
  return { ...data, pages };
}

/** A later row wins; the version decides, so that an old answer does not undo a newer event. */
const newer = (old: Conversation | undefined, row: Conversation): boolean => !old || row.version >= old.version;

export function putConversation(client: QueryClient, row: Conversation, userId: string | undefined): void {
  if (!newer(client.getQueryData<Conversation>(keys.conversation(row.id)), row)) return;
  client.setQueryData(keys.conversation(row.id), row);
  for (const [key, data] of client.getQueriesData<Pages<Conversation>>({ queryKey: keys.lists })) {
    if (!data) continue;
    const { view, search } = key[2] as ListParams;
    const old = data.pages.flatMap((page) => page.items).find((item) => item.id === row.id);
    if (newer(old, row)) client.setQueryData(key, placeConversation(data, row, inView(row, view, userId), search === ''));
  }
}

export function putMessage(client: QueryClient, conversationId: string, message: Message): void {
  client.setQueryData<Pages<Message>>(keys.messages(conversationId), (data) => {
    if (!data) return data;
    if (data.pages.some((page) => page.items.some((row) => row.id === message.id))) {
      return replaceIn(data, message.id, (row) => mergeMessage(row, message));
    }
    const [newest, ...older] = data.pages;
    return newest ? { ...data, pages: [{ ...newest, items: [...newest.items, message] }, ...older] } : data;
  });
}

/** The id of the newest message that is loaded of a thread. Ids grow with time. */
export function newestMessage(client: QueryClient, conversationId: string): string | null {
  const ids = client.getQueryData<Pages<Message>>(keys.messages(conversationId))?.pages[0]?.items.map((row) => row.id) ?? [];
  return ids.reduce<string | null>((newest, id) => (newest === null || id > newest ? id : newest), null);
}

/** What a person says a message means; null: what the classifier said counts again. */
export function putCorrection(client: QueryClient, messageId: string, intent: string | null): void {
  client.setQueriesData<Pages<Message>>({ queryKey: keys.anyThread }, (data) => data && replaceIn(data, messageId, (row) => ({ ...row, corrected_intent: intent })));
  void client.invalidateQueries({ queryKey: keys.anySuggestions });
}

/** A row of an import that is older than the one shown is passed over: progress never jumps back. */
export function putImport(client: QueryClient, row: Import): void {
  const stale = (old: Import | undefined): boolean => old !== undefined && old.state === row.state && old.started_at === row.started_at && old.rows_done > row.rows_done;
  if (stale(client.getQueryData<Import>(keys.import(row.id)))) return;
  client.setQueryData<Import>(keys.import(row.id), (old) => old && row);
  client.setQueryData<Page<Import>>(keys.imports, (page) => {
    if (!page) return page;
    const known = page.items.some((item) => item.id === row.id);
    return { ...page, items: known ? page.items.map((item) => (item.id === row.id ? row : item)) : [row, ...page.items] };
  });
  void client.invalidateQueries({ queryKey: keys.importPages });
}

/** Applies batches of events to the cache of one signed-in person. */
export class LiveCache {
  private timer: ReturnType<typeof setTimeout> | null = null;

  private flowTimer: ReturnType<typeof setTimeout> | null = null;

  private readonly moved = new Set<string>();

  private readonly contacts: LiveContacts;

  private readonly arrivals: Arrivals;

  constructor(private readonly client: QueryClient, private readonly me: Me) {
    this.contacts = new LiveContacts(client);
    this.arrivals = new Arrivals(client);
  }

  readonly apply = (events: LiveEvent[]): void => {
    let counts = false;
    for (const event of events) {
      switch (event.type) {
        case 'conversation.updated':
          putConversation(this.client, event.conversation, this.me.user?.id);
          ownCalls(this.client, event.conversation);
          counts = true;
          if (event.conversation.status === 'closed' || event.conversation.handed_on) this.contacts.contact(event.conversation.contact.id); // its timeline tells of it
          break;
        case 'message.created':
          putMessage(this.client, event.conversation_id, event.message);
          if (event.message.author) typists.stopped(event.conversation_id, event.message.author.id);
          this.attempts();
          this.contacts.message();
          counts = true;
          break;
        case 'message.updated':
          this.client.setQueryData<Pages<Message>>(keys.messages(event.conversation_id), (data) =>
            data && replaceIn(data, event.message.id, (row) => mergeMessage(row, event.message)));
          this.attempts();
          this.contacts.message();
          counts = true;
          break;
        case 'messages.arrived':
          this.arrivals.tell(event.conversation_id);
          break;
        case 'conversation.typing':
          typists.hear(event.conversation_id, event.user);
          break;
        case 'conversation.viewing':
          viewers.hear(event.conversation_id, event.user);
          break;
        case 'mention.created':
          if (event.user_id === this.me.user?.id) void this.client.invalidateQueries({ queryKey: keys.mentions });
          break;
        case 'message.corrected':
          putCorrection(this.client, event.message_id, event.corrected_intent);
          break;
        case 'campaign.updated':
          putCampaign(this.client, event.campaign);
          if (event.campaign.flow_id) this.flow(event.campaign.flow_id);
          break;
        case 'channel.health':
          void this.client.invalidateQueries({ queryKey: keys.accounts });
          void this.client.invalidateQueries({ queryKey: keys.channelHealths });
          counts = true;
          break;
        case 'call.updated':
          void this.client.invalidateQueries({ queryKey: keys.call(event.call.id) });
          this.contacts.message();
          break;
        case 'desk_call.updated':
          putCall(this.client, event.call);
          break;
        case 'desk_call.said':
          putSaid(this.client, event.call_id, event.words);
          break;
        case 'wallet.updated':
          this.client.setQueryData(keys.wallet, event.wallet);
          this.client.setQueryData<Home>(keys.home, (home) => home && { ...home, wallet: home.wallet && event.wallet });
          break;
        case 'contact.updated':
          this.contacts.contact(event.contact_id);
          break;
        case 'import.updated':
          putImport(this.client, event.import);
          break;
        case 'segment.updated':
          void this.client.invalidateQueries({ queryKey: keys.segment(event.segment_id) });
          void this.client.invalidateQueries({ queryKey: keys.segmentLists });
          break;
        case 'routing.updated':
          void this.client.invalidateQueries({ queryKey: keys.routingRules });
          void this.client.invalidateQueries({ queryKey: keys.routingVersions });
          break;
        case 'flows.moved':
          for (const id of event.flow_ids) this.flow(id);
          break;
        case 'presence.updated':
          void this.client.invalidateQueries({ queryKey: keys.agents });
          counts = true;
          if (event.agent.id === this.me.user?.id) this.client.setQueryData(keys.presence, { status: event.status });
          break;
        case 'rights':
          void this.client.invalidateQueries({ queryKey: keys.me });
          break;
        case 'gap':
          void this.client.invalidateQueries({ predicate: (query) => query.queryKey[0] !== 'session' });
      }
    }
    if (counts) this.recount();
  };

  stop(): void {
    this.contacts.stop();
    this.arrivals.stop();
    if (this.timer !== null) clearTimeout(this.timer);
    if (this.flowTimer !== null) clearTimeout(this.flowTimer);
  }

  /** Who stands where in a flow: asked again by whoever looks at it, at most once a second. */
  private flow(id: string): void {
    this.moved.add(id);
    this.flowTimer ??= setTimeout(() => {
      this.flowTimer = null;
      for (const one of this.moved) for (const queryKey of [keys.figuresOfFlow(one), keys.flowInside(one)]) void this.client.invalidateQueries({ queryKey });
      this.moved.clear();
    }, FLOWS_MS);
  }

  /** A message that is looked at whole is read anew: an event tells of one attempt, not of the others. */
  private attempts(): void {
    void this.client.invalidateQueries({ queryKey: keys.anyMessage });
  }

  private recount(): void {
    this.timer ??= setTimeout(() => {
      this.timer = null;
      void this.client.invalidateQueries({ queryKey: keys.counts });
      void this.client.invalidateQueries({ queryKey: keys.agents }); // how much each has
      void this.client.invalidateQueries({ queryKey: keys.home });
      void this.client.invalidateQueries({ queryKey: keys.wallboard });
    }, COUNTS_MS);
  }
}

/**
 * Replies on their way, by conversation. Each keeps one Idempotency-Key over all its tries and over a reload, so that
 * a retry never sends twice. An entry goes when the API has answered: from then on the message is in the thread.
 */
import { asProblem, type Problem } from '../../api/problem';
import type { Message, ReplyContent } from '../../api/types';
import { sendMessage } from '../../api/writes';
import { createStore, type Store } from '../../app/store';

export interface Outgoing {
  key: string;
  text: string;
  /** What is sent where it is more than the text, which then are its words. */
  content?: ReplyContent;
  channelId: string | null;
  channelKind: string;
  /** The newest message that its writer had on the screen. */
  seen: string | null;
  createdAt: string;
  state: 'sending' | 'unsent';
  problem: Problem | null;
}

const PREFIX = 'hub-outbox:';
/** How far the clocks of a browser and the server may differ. */
const CLOCKS_MS = 120_000;
const stores = new Map<string, Store<readonly Outgoing[]>>();

function stored(id: string): Outgoing[] {
  try {
    const rows = JSON.parse(localStorage.getItem(PREFIX + id) ?? '[]') as Outgoing[];
    // After a reload nobody knows whether the answer was on its way: the writer tries again, with the same key.
    return rows.map((row) => ({ ...row, state: 'unsent', problem: null }));
  } catch {
    return [];
  }
}

function save(id: string, rows: readonly Outgoing[]): void {
  try {
    if (rows.length === 0) localStorage.removeItem(PREFIX + id);
    else localStorage.setItem(PREFIX + id, JSON.stringify(rows.map((row) => ({ ...row, problem: null }))));
  } catch {
    // Without storage an unsent reply lives as long as the page.
  }
}

export function outbox(conversationId: string): Store<readonly Outgoing[]> {
  let store = stores.get(conversationId);
  if (!store) {
    store = createStore<readonly Outgoing[]>(stored(conversationId));
    store.subscribe(() => save(conversationId, outbox(conversationId).get()));
    stores.set(conversationId, store);
  }
  return store;
}

const change = (id: string, key: string, patch: Partial<Outgoing>): void =>
  outbox(id).set(outbox(id).get().map((row) => (row.key === key ? { ...row, ...patch } : row)));

export const discard = (id: string, key: string): void => outbox(id).set(outbox(id).get().filter((row) => row.key !== key));

/** Tries an entry of the outbox. Returns the message, or null when it stays unsent. */
export async function attempt(id: string, entry: Outgoing, onSent: (message: Message) => void): Promise<Message | null> {
  change(id, entry.key, { state: 'sending', problem: null });
  try {
    const message = await sendMessage(id, entry, entry.channelId, entry.seen, entry.key);
    onSent(message);
    discard(id, entry.key);
    return message;
  } catch (error) {
    change(id, entry.key, { state: 'unsent', problem: asProblem(error) });
    return null;
  }
}

/** Nobody knows whether it left: the answer to it was lost on its way, or the page was closed before. */
export const isUnconfirmed = (entry: Outgoing): boolean => entry.state === 'unsent' && (entry.problem === null || (entry.problem.isTemporary && entry.problem.status !== 429));

/** The message that an unconfirmed entry has become, among the newest of its thread: ours, with its words, not older than it. */
export const arrived = (entry: Outgoing, messages: readonly Message[]): Message | undefined =>
  messages.find((message) => message.direction === 'out' && message.origin === 'agent' && message.body === entry.text && Date.parse(message.created_at) >= Date.parse(entry.createdAt) - CLOCKS_MS);

/** What somebody else answered meanwhile, when that is why an entry was held back. */
export function collision(entry: Outgoing): { by: string; text: string; at: string; messageId: string } | null {
  if (entry.problem?.code !== 'answered-meanwhile') return null;
  const { by, text, at, message_id } = entry.problem.members as Record<string, string>;
  return { by: by ?? '', text: text ?? '', at: at ?? '', messageId: message_id ?? '' };
}

/** The same text as a new answer of somebody who has seen the other one. */
export const seenNow = (entry: Outgoing, key: string, messageId: string): Outgoing => ({ ...entry, key, seen: messageId, state: 'sending', problem: null });

export function replace(id: string, key: string, entry: Outgoing): void {
  outbox(id).set(outbox(id).get().map((row) => (row.key === key ? entry : row)));
}

export function enqueue(id: string, entry: Outgoing): void {
  outbox(id).set([...outbox(id).get(), entry]);
}

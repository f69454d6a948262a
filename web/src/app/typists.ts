/** Who writes in which conversation just now. It is told while it goes on; who is not heard of for a moment has stopped. */
import { createStore, type Store } from './store';

export interface Typist { id: string; name: string }

const SHOWN_MS = 7_000;
const stores = new Map<string, Store<readonly Typist[]>>();
const timers = new Map<string, ReturnType<typeof setTimeout>>();

export function typists(conversationId: string): Store<readonly Typist[]> {
  let store = stores.get(conversationId);
  if (!store) stores.set(conversationId, (store = createStore<readonly Typist[]>([])));
  return store;
}

export function stopped(conversationId: string, id: string): void {
  const key = `${conversationId} ${id}`;
  clearTimeout(timers.get(key));
  timers.delete(key);
  const store = typists(conversationId);
  if (store.get().some((one) => one.id === id)) store.set(store.get().filter((one) => one.id !== id));
}

export function writes(conversationId: string, who: Typist): void {
  const store = typists(conversationId);
  if (!store.get().some((one) => one.id === who.id)) store.set([...store.get(), who]);
  const key = `${conversationId} ${who.id}`;
  clearTimeout(timers.get(key));
  timers.set(key, setTimeout(() => stopped(conversationId, who.id), SHOWN_MS));
}

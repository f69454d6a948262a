/** Who writes or looks in which conversation just now. It is told while it goes on; who is not heard of for a moment has stopped. */
import { createStore, type Store } from './store';

export interface Typist { id: string; name: string }

class Heard {
  private readonly stores = new Map<string, Store<readonly Typist[]>>();

  private readonly timers = new Map<string, ReturnType<typeof setTimeout>>();

  constructor(private readonly shownMs: number) {}

  readonly of = (conversationId: string): Store<readonly Typist[]> => {
    let store = this.stores.get(conversationId);
    if (!store) this.stores.set(conversationId, (store = createStore<readonly Typist[]>([])));
    return store;
  };

  stopped(conversationId: string, id: string): void {
    const key = `${conversationId} ${id}`;
    clearTimeout(this.timers.get(key));
    this.timers.delete(key);
    const store = this.of(conversationId);
    if (store.get().some((one) => one.id === id)) store.set(store.get().filter((one) => one.id !== id));
  }

  hear(conversationId: string, who: Typist): void {
    const store = this.of(conversationId);
    if (!store.get().some((one) => one.id === who.id)) store.set([...store.get(), who]);
    const key = `${conversationId} ${who.id}`;
    clearTimeout(this.timers.get(key));
    this.timers.set(key, setTimeout(() => this.stopped(conversationId, who.id), this.shownMs));
  }
}

export const typists = new Heard(7_000);
export const viewers = new Heard(25_000);

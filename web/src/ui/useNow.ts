import { createStore, useStore } from '../app/store';

const TICK_MS = 20_000;
const now = createStore(Date.now());
setInterval(() => now.set(Date.now()), TICK_MS);

/** The time in milliseconds since 1970, three times a minute: enough for ages. */
export const useNow = (): number => useStore(now);

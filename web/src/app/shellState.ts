/** What is open in the shell, and how the live stream is. */
import type { LiveState } from './live';
import { createStore } from './store';

export const liveState = createStore<LiveState>({ kind: 'reconnecting', since: Date.now() });
export const paletteOpen = createStore(false);
export const helpOpen = createStore(false);

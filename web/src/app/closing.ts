import { createStore } from './store';

/** The conversation whose closing is asked about: what became of it? */
export const closing = createStore<string | null>(null);

import { createStore } from './store';

/** Whether the dialog of the person's phone is asked for. */
export const phoneOpen = createStore(false);

import type { Presence } from '../api/types';

/** In lists of people: who is there comes first. */
export const PRESENCE_ORDER: Readonly<Record<Presence, number>> = { online: 0, busy: 1, away: 2, offline: 3 };

/** What the address of the contact table says: filters, order, columns. Everything else in it is dropped. */
import type { ContactFilter } from '../../api/contactTypes';

export interface ContactsSearch {
  q?: string;
  tag?: string;
  segment?: string;
  channel?: string;
  consent?: string;
  language?: string;
  sort?: string;
  /** Ids of the columns, in order, separated by commas. */
  cols?: string;
  /** Id of the saved view these came from. */
  view?: string;
}

const TEXTS = ['q', 'tag', 'segment', 'channel', 'consent', 'language', 'cols', 'view'] as const;
export const FILTERS = ['segment', 'tag', 'channel', 'consent', 'language'] as const;
export type FilterName = (typeof FILTERS)[number];
export const SORTS = ['-created', 'created', 'name', '-name'];
export const SORT_DEFAULT = '-created';
const CHARS_MAX = 400;

export function contactsSearch(raw: Record<string, unknown>): ContactsSearch {
  const search: ContactsSearch = {};
  for (const name of TEXTS) {
    // The router reads `q=447` as a number; a search for digits is still a text.
    const value = typeof raw[name] === 'number' ? String(raw[name]) : raw[name];
    if (typeof value === 'string' && value !== '' && value.length <= CHARS_MAX) search[name] = value;
  }
  if (typeof raw.sort === 'string' && SORTS.includes(raw.sort) && raw.sort !== SORT_DEFAULT) search.sort = raw.sort;
  return search;
}

/** The filters as the API takes them. */
export function filterOf({ q, tag, segment, channel, consent, language }: ContactsSearch): ContactFilter {
  const given = Object.entries({ search: q, tag, segment, channel, consent, language }).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given) as ContactFilter;
}

export const isFiltered = (search: ContactsSearch): boolean => Object.keys(filterOf(search)).length > 0;

/** What a saved view keeps: all but where it came from. */
export function configOf({ view: _view, ...kept }: ContactsSearch): Record<string, unknown> {
  return kept;
}

/** Whether two searches show the same. */
export const sameConfig = (one: Record<string, unknown>, other: Record<string, unknown>): boolean => {
  const lines = (config: Record<string, unknown>): string => JSON.stringify(Object.entries(config).filter(([, value]) => value !== undefined).toSorted(([a], [b]) => a.localeCompare(b)));
  return lines(one) === lines(other);
};

// @vitest-environment jsdom
import { expect, test } from 'vitest';
import type { Message, Page } from '../api/types';
import { withNewest } from './arrivals';

const page = (ids: string[], has_more: boolean): Page<Message> => ({ items: ids.map((id) => ({ id }) as Message), has_more });
const data = (...pages: Page<Message>[]) => ({ pages, pageParams: pages.map(() => null) });
const ids = (found: { pages: Page<Message>[] }): string[][] => found.pages.map(({ items }) => items.map(({ id }) => id));

test('what is new joins the newest page, and older pages stay', () => {
  const loaded = data(page(['c', 'd'], true), page(['a', 'b'], false));
  expect(ids(withNewest(loaded, page(['d', 'e'], true)))).toEqual([['c', 'd', 'e'], ['a', 'b']]);
  expect(ids(withNewest(data(page([], false)), page(['a'], false)))).toEqual([['a']]);
});

test('where messages between are not known, the thread begins anew with the newest page', () => {
  expect(withNewest(data(page(['a', 'b'], false)), page(['x', 'y'], true))).toEqual({ pages: [page(['x', 'y'], true)], pageParams: [null] });
});

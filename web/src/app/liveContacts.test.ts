// @vitest-environment jsdom
import { QueryClient } from '@tanstack/react-query';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { keys } from '../api/keys';
import { LiveContacts } from './liveContacts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const page = (...ids: string[]) => ({ items: ids.map((id) => ({ id })), has_more: false });
const QUERY = { sort: '-created' };

test('only the blocks that hold a changed contact are asked again', () => {
  const client = new QueryClient();
  const [first, second] = [keys.contactRows(QUERY, 100, 0), keys.contactRows(QUERY, 100, 1)];
  client.setQueryData(first, page('a', 'b'));
  client.setQueryData(second, page('c'));
  client.setQueryData(keys.contact('c'), { id: 'c' });
  const live = new LiveContacts(client);
  live.contact('c');
  live.contact('c');
  vi.advanceTimersByTime(150);
  expect(client.getQueryState(first)?.isInvalidated).toBe(false);
  expect(client.getQueryState(second)?.isInvalidated).toBe(true);
  expect(client.getQueryState(keys.contact('c'))?.isInvalidated).toBe(true);
});

test('a burst is one look', () => {
  const client = new QueryClient();
  client.setQueryData(keys.timeline('a', {}), page());
  const asked = vi.spyOn(client, 'invalidateQueries');
  const live = new LiveContacts(client);
  for (let times = 0; times < 50; times += 1) live.message();
  vi.advanceTimersByTime(150);
  expect(asked).toHaveBeenCalledTimes(1);
  live.message();
  vi.advanceTimersByTime(1_000);
  expect(asked).toHaveBeenCalledTimes(1);
  vi.advanceTimersByTime(1_000);
  expect(asked).toHaveBeenCalledTimes(2);
});

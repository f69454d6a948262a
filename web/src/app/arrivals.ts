/** Messages of a flood come without their text: the newest page of a thread on screen is asked for, at most once a second. */
import type { InfiniteData, QueryClient } from '@tanstack/react-query';
import { keys } from '../api/keys';
import { newestPage } from '../api/queries';
import type { Message, Page } from '../api/types';

type Pages = InfiniteData<Page<Message>, string | null>;

const AGAIN_MS = 1_000;

/** The loaded thread with the newest page in it; where messages between would be missing, that page alone. */
export function withNewest(data: Pages, page: Page<Message>): Pages {
  const known = new Set(data.pages.flatMap(({ items }) => items.map(({ id }) => id)));
  const joins = !page.has_more || page.items.some(({ id }) => known.has(id));
  if (!joins) return { pages: [page], pageParams: [null] };
  const [first, ...older] = data.pages;
  const fresh = page.items.filter(({ id }) => !known.has(id));
  return first ? { ...data, pages: [{ ...first, items: [...first.items, ...fresh] }, ...older] } : data;
}

export class Arrivals {
  private readonly timers = new Map<string, ReturnType<typeof setTimeout>>();

  constructor(private readonly client: QueryClient) {}

  tell(conversationId: string): void {
    if (this.timers.has(conversationId)) return;
    this.timers.set(conversationId, setTimeout(() => {
      this.timers.delete(conversationId);
      void this.look(conversationId);
    }, AGAIN_MS));
  }

  stop(): void {
    for (const timer of this.timers.values()) clearTimeout(timer);
    this.timers.clear();
  }

  private async look(conversationId: string): Promise<void> {
    const key = keys.messages(conversationId);
    if (!this.client.getQueryData<Pages>(key)) return;
    const page = await newestPage(conversationId).catch(() => null); // the next arrival asks again
    if (page) this.client.setQueryData<Pages>(key, (data) => data && withNewest(data, page));
  }
}

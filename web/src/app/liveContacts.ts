/** What changes of contacts do to the query cache: gathered, and asked again at most once in two seconds. */
import type { QueryClient } from '@tanstack/react-query';
import { keys } from '../api/keys';
import type { Page } from '../api/types';

const GATHER_MS = 2_000;
const FIRST_MS = 150;

export class LiveContacts {
  private readonly changed = new Set<string>();
  private messages = false;
  private timer: ReturnType<typeof setTimeout> | null = null;
  private flushedAt = Number.NEGATIVE_INFINITY;

  constructor(private readonly client: QueryClient) {}

  contact(id: string): void {
    this.changed.add(id);
    this.plan();
  }

  /** A message came or moved on: open timelines show it. */
  message(): void {
    this.messages = true;
    this.plan();
  }

  stop(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
  }

  /** Soon after a quiet time, so that one's own change shows at once; else once per two seconds. */
  private plan(): void {
    this.timer ??= setTimeout(() => this.flush(), Math.max(FIRST_MS, GATHER_MS - (performance.now() - this.flushedAt)));
  }

  private flush(): void {
    this.timer = null;
    this.flushedAt = performance.now();
    const ids = new Set(this.changed);
    this.changed.clear();
    if (this.messages) void this.client.invalidateQueries({ queryKey: keys.anyTimeline });
    this.messages = false;
    if (ids.size === 0) return;
    for (const id of ids) {
      void this.client.invalidateQueries({ queryKey: keys.contact(id) });
      void this.client.invalidateQueries({ queryKey: keys.timelines(id) });
    }
    for (const [queryKey, page] of this.client.getQueriesData<Page<{ id: string }>>({ queryKey: keys.contactAllRows })) {
      if (page?.items.some((row) => ids.has(row.id))) void this.client.invalidateQueries({ queryKey, exact: true });
    }
    void this.client.invalidateQueries({ queryKey: keys.contactCounts });
  }
}

import { useEffect, useRef, type RefObject } from 'react';

const PAGES_MAX = 60;
const SHOWN_MS = 2_500;

interface Pages { hasNextPage: boolean; isFetchingNextPage: boolean; isPending: boolean; loaded: number; fetchNextPage: () => unknown }

/** Brings a message that was searched for on screen: older pages load until it is there, then it is shown for a moment. */
export function useSought(messageId: string | undefined, present: boolean, pages: Pages, box: RefObject<HTMLElement | null>): void {
  const done = useRef<string | undefined>(undefined);
  const { hasNextPage, isFetchingNextPage, isPending, loaded, fetchNextPage } = pages;
  useEffect(() => {
    if (!messageId || done.current === messageId || isPending) return undefined;
    if (!present) {
      if (hasNextPage && !isFetchingNextPage && loaded < PAGES_MAX) void fetchNextPage();
      return undefined;
    }
    done.current = messageId;
    const element = box.current?.querySelector<HTMLElement>(`[data-message="${CSS.escape(messageId)}"]`);
    if (!element) return undefined;
    // After the list has gone to its end by itself.
    requestAnimationFrame(() => element.scrollIntoView({ block: 'center' }));
    element.dataset.sought = '';
    setTimeout(() => delete element.dataset.sought, SHOWN_MS);
    return undefined;
  }, [messageId, present, hasNextPage, isFetchingNextPage, isPending, loaded, fetchNextPage, box]);
}

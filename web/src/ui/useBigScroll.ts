import { useVirtualizer, type VirtualItem, type Virtualizer } from '@tanstack/react-virtual';
import { useCallback, useEffect, useReducer, useRef, type RefObject } from 'react';
import { flushSync } from 'react-dom';
import { laidOut, moved, offsetFor, placeAt, type Extent, type Place } from './bigScroll';

const IDLE_MS = 160;
const OVERSCAN = 6;

// Never told that it scrolls: the virtualizer would judge the offset by the element's own, smaller, height.
type Notify = (offset: number, isScrolling: false) => void;

export interface BigScroll {
  items: VirtualItem[];
  /** Height of the element that holds the rows. */
  height: number;
  /** What to add to an item's `start` to place it in that element. */
  shift: number;
  reveal: (index: number) => void;
}

/** Rows in view of a list of any length, all of one height, below a sticky head of `headPx`. */
export function useBigScroll(box: RefObject<HTMLDivElement | null>, count: number, rowPx: number, headPx: number): BigScroll {
  const place = useRef<Place>({ top: 0, offset: 0 });
  const notify = useRef<Notify>(() => undefined);
  const extent = useRef<Extent>({ full: 0, view: 0 });
  const shift = useRef(0);
  const draw = useReducer((times: number) => times + 1, 0)[1];
  const put = useCallback((next: Place) => {
    place.current = next;
    notify.current(next.offset, false);
    if (shift.current === next.top - next.offset) return;
    shift.current = next.top - next.offset;
    draw();
  }, []);
  const measure = (): Extent => {
    extent.current = { full: count * rowPx, view: Math.max(0, (box.current?.clientHeight ?? 0) - headPx) };
    return extent.current;
  };

  const observe = useCallback((instance: Virtualizer<HTMLDivElement, HTMLDivElement>, tell: Notify) => {
    const element = instance.scrollElement;
    if (!element) return undefined;
    notify.current = tell;
    let idle: ReturnType<typeof setTimeout> | undefined;
    /** After a rest the thumb stands where the rows are: small moves had taken it too far. */
    const rest = (): void => {
      const right = placeAt(place.current.offset, extent.current);
      if (Math.abs(right.top - place.current.top) > 1) {
        element.scrollTop = right.top;
        flushSync(() => put({ top: element.scrollTop, offset: right.offset }));
      }
    };
    const scrolled = (): void => {
      put(moved(place.current, element.scrollTop, extent.current));
      clearTimeout(idle);
      idle = setTimeout(rest, IDLE_MS);
    };
    element.addEventListener('scroll', scrolled, { passive: true });
    scrolled();
    return () => {
      clearTimeout(idle);
      element.removeEventListener('scroll', scrolled);
    };
  }, []);

  const go = useCallback((offset: number) => {
    const element = box.current;
    if (!element) return;
    const next = placeAt(offset, extent.current);
    element.scrollTop = next.top;
    put({ top: element.scrollTop, offset: next.offset });
  }, [box]);

  const virtual = useVirtualizer<HTMLDivElement, HTMLDivElement>({
    count,
    getScrollElement: () => box.current,
    estimateSize: () => rowPx,
    overscan: OVERSCAN,
    observeElementOffset: observe,
    scrollToFn: (offset) => go(offset),
  });
  measure();
  useEffect(() => {
    virtual.measure();
    measure();
    go(place.current.offset);
  }, [count, rowPx, headPx]);

  const reveal = useCallback((index: number) => go(offsetFor(index, rowPx, place.current, extent.current.view)), [go, rowPx]);
  return { items: virtual.getVirtualItems(), height: laidOut(extent.current), shift: shift.current, reveal };
}

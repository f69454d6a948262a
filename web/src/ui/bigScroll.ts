/**
 * A scroll bar over more pixels than a browser lays out (Firefox stops at 17.9 million). Small moves (wheel, keys, touch)
 * scroll the rows pixel by pixel, large ones (the thumb) jump in proportion.
 */
export const SCROLL_PX_MAX = 10_000_000;

/** `full` and `view`: heights of all rows and of what is seen of them, in pixels. */
export interface Extent { full: number; view: number }

/** `top` is the element's scrollTop, `offset` how far the rows are scrolled. The same while all rows can be laid out. */
export interface Place { top: number; offset: number }

const JUMP_VIEWS = 2;

export const laidOut = ({ full }: Extent): number => Math.min(full, SCROLL_PX_MAX);
const room = (extent: Extent): number => Math.max(0, laidOut(extent) - extent.view);
const fullRoom = (extent: Extent): number => Math.max(0, extent.full - extent.view);
const clamp = (value: number, max: number): number => Math.min(max, Math.max(0, value));

/** Where the element has to be scrolled to for `offset`. */
export function placeAt(offset: number, extent: Extent): Place {
  const wanted = clamp(offset, fullRoom(extent));
  if (extent.full <= SCROLL_PX_MAX) return { top: wanted, offset: wanted };
  return { top: (wanted / fullRoom(extent)) * room(extent), offset: wanted };
}

/** What the rows do when the element was scrolled to `top`. */
export function moved(place: Place, top: number, extent: Extent): Place {
  if (extent.full <= SCROLL_PX_MAX) return { top, offset: clamp(top, fullRoom(extent)) };
  if (top <= 0) return { top, offset: 0 };
  if (top >= room(extent) - 1) return { top, offset: fullRoom(extent) };
  const by = top - place.top;
  if (Math.abs(by) <= extent.view * JUMP_VIEWS) return { top, offset: clamp(place.offset + by, fullRoom(extent)) };
  return { top, offset: (top / room(extent)) * fullRoom(extent) };
}

/** The offset that brings row `index` into view with the least scrolling. */
export function offsetFor(index: number, rowPx: number, place: Place, view: number): number {
  const start = index * rowPx;
  if (start < place.offset) return start;
  return start + rowPx > place.offset + view ? start + rowPx - view : place.offset;
}

import { describe, expect, test } from 'vitest';
import { laidOut, moved, offsetFor, placeAt, SCROLL_PX_MAX } from './bigScroll';

const SMALL = { full: 40_000, view: 600 };
const BIG = { full: 40_000_000, view: 600 };
const ROOM = SCROLL_PX_MAX - BIG.view;

test('a list that fits is scrolled as it is', () => {
  expect(laidOut(SMALL)).toBe(40_000);
  expect(placeAt(1_234, SMALL)).toEqual({ top: 1_234, offset: 1_234 });
  expect(moved({ top: 0, offset: 0 }, 500, SMALL)).toEqual({ top: 500, offset: 500 });
});

describe('a million rows', () => {
  test('are laid out within what browsers can', () => {
    expect(laidOut(BIG)).toBe(SCROLL_PX_MAX);
  });

  test('the thumb jumps in proportion, and reaches both ends', () => {
    expect(moved({ top: 0, offset: 0 }, ROOM / 2, BIG).offset).toBeCloseTo((BIG.full - BIG.view) / 2);
    expect(moved({ top: 9, offset: 9 }, ROOM, BIG).offset).toBe(BIG.full - BIG.view);
    expect(moved({ top: 5_000, offset: 20_000 }, 0, BIG).offset).toBe(0);
  });

  test('the wheel moves the rows by its own pixels', () => {
    const middle = placeAt(20_000_000, BIG);
    const after = moved(middle, middle.top + 100, BIG);
    expect(after.offset).toBe(20_000_100);
    expect(after.top).toBe(middle.top + 100);
  });

  test('there and back again', () => {
    for (const offset of [0, 40, 399_000, 36_000_000, BIG.full - BIG.view]) {
      const place = placeAt(offset, BIG);
      expect(place.top).toBeLessThanOrEqual(ROOM);
      expect(moved({ top: -10_000, offset: 0 }, place.top, BIG).offset).toBeCloseTo(offset, 0);
    }
  });
});

test('a row is brought into view with the least scrolling', () => {
  const place = { top: 0, offset: 400 };
  expect(offsetFor(5, 40, place, 600)).toBe(200);
  expect(offsetFor(12, 40, place, 600)).toBe(400);
  expect(offsetFor(40, 40, place, 600)).toBe(1_040);
});

import { expect, test } from 'vitest';
import type { FlowFigures } from '../../../api/flowLive';
import { goesOn, heatOf, signature, told, tookOf } from './heat';

const node = (id: string, entered: number, waiting = 0) => ({ node: id, entered, passed: entered - waiting, waiting, stuck: 0, left: 0 });
const FIGURES: FlowFigures = {
  version: 1, as_of: '2026-03-01T10:00:00Z', since: null, until: null, started: 100, inside: [],
  nodes: [node('start', 100), node('ask', 90, 20), node('never', 0)],
  ways: [
    { source: 'ask', port: 'yes', target: 'end', count: 60, share: 0.6, median_s: 90 },
    { source: 'ask', port: 'no', target: null, count: 10, share: 0.1, median_s: 4_000 },
  ],
};

test('the tint says how much of the crowd goes somewhere', () => {
  expect([0, 1, 25, 26, 100, 300].map((count) => heatOf(count, 100))).toEqual([0, 1, 1, 2, 4, 4]);
  expect(heatOf(3, 0)).toBe(0);
});

test('a step takes as long as for most who leave it', () => {
  expect([tookOf(FIGURES, 'ask'), tookOf(FIGURES, 'start')]).toEqual([90, null]);
});

test('steps that nobody came to are not listed', () => {
  expect(told(FIGURES).map((one) => one.node)).toEqual(['start', 'ask']);
});

test('nobody is lost where nothing follows', () => {
  expect([...goesOn(FIGURES)]).toEqual(['ask']);
});

test('later figures that say the same are the same', () => {
  expect(signature({ ...FIGURES, as_of: '2026-03-01T10:00:02Z' })).toBe(signature(FIGURES));
});

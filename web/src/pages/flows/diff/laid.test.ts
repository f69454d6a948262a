import { expect, test } from 'vitest';
import type { FlowDifference } from '../../../api/flowLive';
import type { FlowDocument, Step } from '../editor/document';
import { changedSteps, laidOver, partOf, shortly } from './laid';

const step = (id: string): Step => ({ id, type: 'tag', data: {}, position: { x: 0, y: 0 } });
const document = (ids: string[], edges: FlowDocument['edges']): FlowDocument => ({ spec_version: 2, nodes: ids.map(step), edges, comments: [] });
const DIFFERENCE: FlowDifference = {
  same: false,
  comments: 0,
  nodes: [
    { id: 'new', type: 'tag', change: 'added', fields: [] },
    { id: 'kept', type: 'tag', change: 'moved', fields: [] },
    { id: 'old', type: 'tag', change: 'removed', fields: [] },
  ],
  edges: [{ source: 'start', port: 'next', change: 'changed', before: 'old', target: 'new' }],
};

test('what went is laid beside what is there now, with the ways that do not clash', () => {
  const before = document(['start', 'kept', 'old'], [{ source: 'start', port: 'next', target: 'old' }, { source: 'old', port: 'next', target: 'kept' }]);
  const after = document(['start', 'kept', 'new'], [{ source: 'start', port: 'next', target: 'new' }]);
  const laid = laidOver(before, after, DIFFERENCE);
  expect(laid.document.nodes.map((node) => node.id)).toEqual(['start', 'kept', 'new', 'old']);
  expect(laid.document.nodes.map((node) => node.position.x)).toEqual([0, 0, 0, 340]);
  expect(laid.document.edges).toEqual([{ source: 'start', port: 'next', target: 'new' }, { source: 'old', port: 'next', target: 'kept' }]);
  expect([...laid.marks]).toEqual([['start', 'changed'], ['new', 'added'], ['old', 'removed']]);
});

test('a step whose ways alone changed is listed too', () => {
  expect(changedSteps(DIFFERENCE).map(({ id, change }) => [id, change])).toEqual([['new', 'added'], ['kept', 'moved'], ['old', 'removed'], ['start', 'changed']]);
});

test('values are one line', () => {
  expect([shortly('a'), shortly({ a: 1 }), shortly(null), shortly('x'.repeat(200)).length]).toEqual(['a', '{"a":1}', '', 160]);
});

test('a replayed session parts at a port, or at the step behind which another one comes', () => {
  const start = ['start', 'next'];
  expect(partOf({ was: [start, ['ask', 'yes']], now: [start, ['ask', 'other']], parted: 1 })).toEqual({ at: 'ask', was: 'yes', now: 'other' });
  expect(partOf({ was: [start, ['hook', 'next']], now: [start, ['say', 'next']], parted: 1 })).toEqual({ at: 'start', was: 'hook', now: 'say' });
  expect(partOf({ was: [start, ['ask', 'yes']], now: [start], parted: 1 })).toEqual({ at: 'start', was: 'ask', now: '' });
});

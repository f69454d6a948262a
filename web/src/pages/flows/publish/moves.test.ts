import { expect, test } from 'vitest';
import type { FlowDocument, Step } from '../editor/document';
import { proposed, standings, stranded, vanished } from './moves';

const step = (id: string, type: string, data: Step['data'] = {}): Step => ({ id, type, data, position: { x: 0, y: 0 } });
const drawn = (nodes: Step[], edges: [string, string, string][] = []): FlowDocument => ({ spec_version: 2, nodes, edges: edges.map(([source, port, target]) => ({ source, port, target })), comments: [] });

const start = step('start', 'start');
const old = drawn([start, step('ask', 'ask', { kind: 'text' }), step('wait', 'wait')], [['start', 'next', 'ask'], ['ask', 'answer', 'wait']]);

test('who stands where is summed over versions and states', () => {
  const found = standings({ items: [
    { version: 1, node: 'ask', status: 'waiting', count: 2 },
    { version: 2, node: 'ask', status: 'stuck', count: 3 },
    { version: 1, node: 'wait', status: 'waiting', count: 9 },
  ] });
  expect(found).toEqual([{ node: 'wait', count: 9, stuck: 0, version: 1 }, { node: 'ask', count: 5, stuck: 3, version: 2 }]);
  const next = drawn([start, step('wait', 'wait')]);
  expect(vanished(found, next).map(({ node }) => node)).toEqual(['ask']);
  expect([stranded(vanished(found, next), {}), stranded(vanished(found, next), { ask: 'wait' })]).toEqual([5, 0]);
});

test('a step of the same kind is proposed: the same words, the same place, or the only one', () => {
  const two = [step('ask_2', 'ask', { kind: 'number' }), step('ask_3', 'ask', { kind: 'text' })];
  expect(proposed('ask', old, drawn([start, ...two]))).toBe('ask_3');
  const others = [step('ask_2', 'ask', { kind: 'number' }), step('ask_3', 'ask', { kind: 'date' })];
  expect(proposed('ask', old, drawn([start, ...others], [['start', 'next', 'ask_3']]))).toBe('ask_3');
  expect(proposed('ask', old, drawn([start, ...others]))).toBeNull();
  expect(proposed('ask', old, drawn([start, step('ask_2', 'ask')]))).toBe('ask_2');
  expect(proposed('ask', old, drawn([start, step('wait', 'wait')]))).toBeNull();
});

import { expect, test } from 'vitest';
import { NOTHING, portsOf, stepOf, still, type FlowDocument } from './document';
import { addStep, align, connect, insertOn, move, nudge, remove, setData } from './edits';
import { SMALL, TYPES } from './samples';

const ways = (document: FlowDocument): string[] => document.edges.map((way) => `${way.source}.${way.port}→${way.target}`);

test.each([
  [{}, ['answer', 'other']],
  [{ choices: [] }, ['answer', 'other']],
  [{ choices: [{ name: 'yes' }, { name: 'no' }] }, ['yes', 'no', 'other']],
  [{ timeout: { amount: 1 }, choices: [{ name: 'yes' }, { name: '' }] }, ['yes', 'other', 'timeout']],
])('the ports of a question with %o', (data, expected) => {
  expect(portsOf(TYPES.get('ask'), data)).toEqual(expected);
});

test('a step is put below the port that it follows, under an id of its own, where no other stands', () => {
  const added = addStep(SMALL, 'tag', TYPES, { from: { node: 'ask', port: 'no' } });
  expect(added?.id).toBe('tag_2');
  expect(ways(added?.document as FlowDocument)).toContain('ask.no→tag_2');
  const place = stepOf(added?.document as FlowDocument, 'tag_2')?.position;
  expect(place).toEqual({ x: 260, y: 320 });
});

test('a step dropped on a way stands between the two', () => {
  const way = SMALL.edges[1] as FlowDocument['edges'][number];
  const added = insertOn(SMALL, way, 'tag', TYPES);
  expect(ways(added?.document as FlowDocument)).toEqual(['start.next→ask', 'ask.yes→tag_2', 'tag_2.next→tag']);
});

test('a port has one way; none leads into a start', () => {
  expect(ways(connect(SMALL, { source: 'ask', port: 'yes', target: 'ask' }))).toEqual(['start.next→ask', 'ask.yes→ask']);
  expect(connect(SMALL, { source: 'ask', port: 'no', target: 'start' })).toBe(SMALL);
  expect(connect(SMALL, { source: 'ask', port: 'yes', target: 'tag' })).toBe(SMALL);
});

test('taking a step out joins what it stood between; notes stay, without their step', () => {
  const longer = connect(addStep(SMALL, 'end', TYPES)?.document as FlowDocument, { source: 'tag', port: 'next', target: 'end' });
  const less = remove(longer, { ...NOTHING, nodes: ['tag'] });
  expect(ways(less)).toEqual(['start.next→ask', 'ask.yes→end']);
  expect(less.comments).toEqual([{ id: 'note', text: 'why', node: null, position: { x: 200, y: 320 } }]);
  expect(ways(remove(longer, { ...NOTHING, nodes: ['tag', 'end'] }))).toEqual(['start.next→ask']);
  expect(still(less, { ...NOTHING, nodes: ['tag', 'ask'] }).nodes).toEqual(['ask']);
});

test('ways follow a renamed choice, also while its name is empty, and go with one that is taken away', () => {
  const named = (...names: string[]): Record<string, unknown> => ({ choices: names.map((name) => ({ name })) });
  const empty = setData(SMALL, 'ask', named('', 'no'), TYPES);
  expect(ways(empty)).toContain('ask.→tag');
  expect(ways(setData(empty, 'ask', named('sure', 'no'), TYPES))).toContain('ask.sure→tag');
  expect(ways(setData(SMALL, 'ask', named('no', 'yes'), TYPES))).toContain('ask.yes→tag');
  expect(ways(setData(SMALL, 'ask', named('no'), TYPES))).toEqual(['start.next→ask']);
});

test('moving changes only what moves, lining up and spreading put the chosen where they belong', () => {
  expect(move(SMALL, new Map([['ask', { x: 0, y: 160 }]]))).toBe(SMALL);
  const nudged = nudge(SMALL, { ...NOTHING, nodes: ['tag'] }, { x: 20, y: 0 });
  expect(stepOf(nudged, 'tag')?.position).toEqual({ x: -100, y: 320 });
  expect(nudged.nodes[0]).toBe(SMALL.nodes[0]);
  const left = align(SMALL, ['start', 'ask', 'tag'], 'left', () => 220);
  expect(left.nodes.map((node) => node.position.x)).toEqual([-120, -120, -120]);
  const spread = align(move(SMALL, new Map([['ask', { x: 0, y: 20 }]])), ['start', 'ask', 'tag'], 'spread', () => 220);
  expect(spread.nodes.map((node) => node.position.y)).toEqual([0, 160, 320]);
});

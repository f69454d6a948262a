import { expect, test } from 'vitest';
import { copied, duplicate, paste } from './clipboard';
import { NOTHING, type FlowDocument } from './document';
import { SMALL } from './samples';

const CHOSEN = { ...NOTHING, nodes: ['ask', 'tag'], comments: ['note'] };
const OTHER: FlowDocument = { ...SMALL, nodes: SMALL.nodes.slice(0, 1), edges: [], comments: [] };

test('steps reach another flow with the ways between them, in the middle of what is seen', () => {
  const pasted = paste(OTHER, copied(SMALL, CHOSEN), { x: 1_000, y: 500 });
  expect(pasted?.document.nodes.map((node) => node.id)).toEqual(['start', 'ask', 'tag']);
  expect(pasted?.document.edges).toEqual([{ source: 'ask', port: 'yes', target: 'tag' }]);
  expect(pasted?.document.comments[0]?.node).toBe('tag');
  expect(pasted?.document.nodes[1]?.position).toEqual({ x: 960, y: 420 });
  expect(pasted?.selection.nodes).toEqual(['ask', 'tag']);
});

test('in the same flow they have ids of their own', () => {
  const twice = duplicate(SMALL, CHOSEN);
  expect(twice?.selection).toEqual({ nodes: ['ask_2', 'tag_2'], edges: [], comments: ['note_2'] });
  expect(twice?.document.edges.at(-1)).toEqual({ source: 'ask_2', port: 'yes', target: 'tag_2' });
});

test.each(['', 'hello', '{"kind":"parley/flow-steps"}', '{"kind":"parley/flow-steps","spec_version":9,"nodes":[]}', '["parley/flow-steps"]'])('nothing comes of %s', (text) => {
  expect(paste(SMALL, text, { x: 0, y: 0 })).toBeNull();
});

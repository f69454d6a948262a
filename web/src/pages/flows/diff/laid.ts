/** Two versions laid over each other on the canvas. All pure. */
import type { FlowDifference, ReplayedSession } from '../../../api/flowLive';
import type { Mark } from '../editor/canvas/shapes';
import type { FlowDocument, Step } from '../editor/document';

export interface Laid { document: FlowDocument; marks: ReadonlyMap<string, Mark> }

const BESIDE = 340;
const HEIGHT = 100;

/** What went, beside what stands in its place now: neither hides the other. */
function beside(node: Step, others: readonly Step[]): Step {
  let { x } = node.position;
  const { y } = node.position;
  const hidden = (): boolean => others.some(({ position }) => Math.abs(position.x - x) < BESIDE - 40 && Math.abs(position.y - y) < HEIGHT);
  while (hidden()) x += BESIDE;
  return x === node.position.x ? node : { ...node, position: { x, y } };
}

/** The later document with what went from the earlier one, and how each step differs. A step whose ways changed is changed. */
export function laidOver(before: FlowDocument, after: FlowDocument, difference: FlowDifference): Laid {
  const marks = new Map<string, Mark>();
  for (const { source, change } of difference.edges) if (change !== 'moved') marks.set(source, 'changed');
  for (const { id, change } of difference.nodes) if (change !== 'moved') marks.set(id, change);
  const gone = before.nodes.filter((node) => marks.get(node.id) === 'removed');
  const ids = new Set(gone.map((node) => node.id));
  const taken = new Set(after.edges.map((way) => `${way.source}\n${way.port}`));
  const ways = before.edges.filter((way) => (ids.has(way.source) || ids.has(way.target)) && !taken.has(`${way.source}\n${way.port}`));
  return { document: { ...after, nodes: [...after.nodes, ...gone.map((node) => beside(node, after.nodes))], edges: [...after.edges, ...ways] }, marks };
}

/** What changed in a step: its fields, and its ways by port. */
export function waysOf(difference: FlowDifference, node: string): FlowDifference['edges'] {
  return difference.edges.filter((edge) => edge.source === node);
}

/** The steps that differ, in the order of the difference; those whose ways alone changed come with no fields. */
export function changedSteps(difference: FlowDifference): FlowDifference['nodes'] {
  const known = new Set(difference.nodes.map((node) => node.id));
  const others = [...new Set(difference.edges.map((edge) => edge.source))].filter((id) => !known.has(id));
  return [...difference.nodes, ...others.map((id) => ({ id, type: '', change: 'changed' as const, fields: [] }))];
}

/** A value as one line; a long one is cut. */
export function shortly(value: unknown): string {
  const text = typeof value === 'string' ? value : value === null || value === undefined ? '' : JSON.stringify(value);
  return text.length > 160 ? `${text.slice(0, 159)}…` : text;
}

/** Where a replayed session parts from what it did: the step, and the port then and now (empty: it goes no further). */
export function partOf({ was, now, parted }: Pick<ReplayedSession, 'was' | 'now' | 'parted'>): { at: string; was: string; now: string } {
  const [one, other] = [was[parted], now[parted]];
  if (one && other && one[0] === other[0]) return { at: one[0] ?? '', was: one[1] ?? '', now: other[1] ?? '' };
  const before = was[parted - 1];
  return { at: before?.[0] ?? one?.[0] ?? other?.[0] ?? '', was: one?.[0] ?? '', now: other?.[0] ?? '' };
}

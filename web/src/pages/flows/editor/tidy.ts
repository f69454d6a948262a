/** Puts the steps of a flow into layers from top to bottom, in a worker, so that the page stays smooth. */
import { sizeOf } from './canvas/shapes';
import { portsOf, type FlowDocument, type Position } from './document';
import { move, type Types } from './edits';

export interface LayoutQuestion { nodes: { id: string; width: number; height: number }[]; edges: { source: string; target: string; nth: number }[] }
export type LayoutAnswer = [string, Position][];

export function questionOf(document: FlowDocument, types: Types): LayoutQuestion {
  const ports = new Map(document.nodes.map((step) => [step.id, portsOf(types.get(step.type), step.data)]));
  const nodes = document.nodes.map(({ id }) => ({ id, ...sizeOf(ports.get(id)?.length ?? 0) }));
  const edges = document.edges.filter((way) => ports.has(way.source) && ports.has(way.target)).map((way) => ({ source: way.source, target: way.target, nth: ports.get(way.source)?.indexOf(way.port) ?? 0 }));
  return { nodes, edges: edges.toSorted((one, other) => one.nth - other.nth) };
}

export function tidied(document: FlowDocument, types: Types): Promise<FlowDocument> {
  const worker = new Worker(new URL('./layout.worker.ts', import.meta.url), { type: 'module' });
  return new Promise<FlowDocument>((resolve, reject) => {
    worker.addEventListener('message', ({ data }: MessageEvent<LayoutAnswer>) => resolve(placed(document, new Map(data))));
    worker.addEventListener('error', () => reject(new Error('the layout failed')));
    worker.postMessage(questionOf(document, types));
  }).finally(() => worker.terminate());
}

/** Notes beside a step go with it. */
export function placed(document: FlowDocument, places: ReadonlyMap<string, Position>): FlowDocument {
  const before = new Map(document.nodes.map((node) => [node.id, node.position]));
  const notes = new Map<string, Position>();
  for (const note of document.comments) {
    const [from, to] = note.node === null ? [] : [before.get(note.node), places.get(note.node)];
    if (from && to) notes.set(note.id, { x: note.position.x + to.x - from.x, y: note.position.y + to.y - from.y });
  }
  return move(document, places, notes);
}

/** A flow's document as the editor changes it: nodes, ways between ports and nodes, comments. All pure. */
import type { components } from '../../../api/schema';

export type NodeType = components['schemas']['FlowNode'];

export interface Position { x: number; y: number }
export type Data = Record<string, unknown>;
export interface Step { id: string; type: string; data: Data; position: Position }
export interface Way { source: string; port: string; target: string }
export interface Note { id: string; text: string; node: string | null; position: Position }
export interface FlowDocument { spec_version: number; nodes: readonly Step[]; edges: readonly Way[]; comments: readonly Note[] }

/** What is chosen on the canvas, by id; ways by `wayId`. */
export interface Selection { nodes: readonly string[]; edges: readonly string[]; comments: readonly string[] }

export const NOTHING: Selection = { nodes: [], edges: [], comments: [] };
export const SPEC_VERSION = 2;
export const NODES_MAX = 1_000;
export const GRID = 20;

/** A port has one way at most. A line break stands in no id. */
export const wayId = (way: Pick<Way, 'source' | 'port'>): string => `${way.source}\n${way.port}`;

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);
const list = (value: unknown): Record<string, unknown>[] => (Array.isArray(value) ? value.filter(isRecord) : []);
const text = (value: unknown, otherwise = ''): string => (typeof value === 'string' ? value : otherwise);
const place = (value: unknown): Position => (isRecord(value) ? { x: Number(value.x) || 0, y: Number(value.y) || 0 } : { x: 0, y: 0 });

/** A document of the API with everything in its place; null for one in a form that cannot be drawn. */
export function documentOf(raw: Record<string, unknown>): FlowDocument | null {
  if (raw.spec_version !== SPEC_VERSION || !Array.isArray(raw.nodes)) return null;
  return {
    spec_version: SPEC_VERSION,
    nodes: list(raw.nodes).map((one) => ({ id: text(one.id), type: text(one.type), data: isRecord(one.data) ? one.data : {}, position: place(one.position) })),
    edges: list(raw.edges).map((one) => ({ source: text(one.source), port: text(one.port, 'next'), target: text(one.target) })),
    comments: list(raw.comments).map((one) => ({ id: text(one.id), text: text(one.text), node: typeof one.node === 'string' ? one.node : null, position: place(one.position) })),
  };
}

/** The same JSON, whatever the order of its fields. */
function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical);
  return isRecord(value) ? Object.fromEntries(Object.keys(value).sort().map((key) => [key, canonical(value[key])])) : value;
}

export const sameDocument = (one: FlowDocument, other: FlowDocument): boolean => JSON.stringify(canonical(one)) === JSON.stringify(canonical(other));

export const stepOf = (document: FlowDocument, id: string): Step | undefined => document.nodes.find((node) => node.id === id);

const isSet = (value: unknown): boolean => Boolean(value) && !(Array.isArray(value) && value.length === 0);

/** The ways out of a node with this data, in order. */
export function portsOf(type: Pick<NodeType, 'ports'> | undefined, data: Data): string[] {
  const found: string[] = [];
  for (const port of type?.ports ?? []) {
    if (!port.when.every((field) => isSet(data[field]))) continue;
    const items = port.each === '' ? [] : list(data[port.each]);
    for (const item of items) if (text(item[port.key]) !== '') found.push(text(item[port.key]));
    if (port.name !== '' && items.length === 0) found.push(port.name);
  }
  return [...new Set(found)];
}

/** An id that nobody has: the wanted one, or with a number behind it. */
export function freeId(taken: ReadonlySet<string>, wanted: string): string {
  if (!taken.has(wanted)) return wanted;
  for (let nth = 2; ; nth += 1) if (!taken.has(`${wanted}_${nth}`)) return `${wanted}_${nth}`;
}

export const snapped = ({ x, y }: Position): Position => ({ x: Math.round(x / GRID) * GRID, y: Math.round(y / GRID) * GRID });

/** The choice without what is not there any more. */
export function still(document: FlowDocument, selection: Selection): Selection {
  const kept = (chosen: readonly string[], known: Iterable<string>): readonly string[] => {
    if (chosen.length === 0) return chosen;
    const all = new Set(known);
    return chosen.every((id) => all.has(id)) ? chosen : chosen.filter((id) => all.has(id));
  };
  const nodes = kept(selection.nodes, document.nodes.map((node) => node.id));
  const edges = kept(selection.edges, document.edges.map(wayId));
  const comments = kept(selection.comments, document.comments.map((note) => note.id));
  return nodes === selection.nodes && edges === selection.edges && comments === selection.comments ? selection : { nodes, edges, comments };
}

/** What can be done to a flow's document. Every function answers a new document, or the same one when nothing changes. All pure. */
import { freeId, GRID, NODES_MAX, portsOf, snapped, stepOf, wayId, type Data, type FlowDocument, type NodeType, type Note, type Position, type Selection, type Step, type Way } from './document';

const BELOW = 160;
const BESIDE = 260;
const HEIGHT_ABOUT = 90;

/** What a new step of a kind begins with. */
const BEGINNINGS: Record<string, Data> = {
  start: { trigger: { kind: 'any' } },
  send: { content: { type: 'text', text: '' } },
  ask: { kind: 'text' },
  branch: { cases: [{ name: 'yes', condition: { combinator: 'and', not: false, rules: [] } }] },
  intent: { intents: [{ intent: '' }] },
  split: { arms: [{ name: 'A', weight: 50 }, { name: 'B', weight: 50 }] },
  wait: { duration: { amount: 1, unit: 'days' } },
};

export interface Port { node: string; port: string }
export type Types = ReadonlyMap<string, NodeType>;

const ids = (document: FlowDocument): Set<string> => new Set(document.nodes.map((node) => node.id));

/** The nearest place to the right where no step stands yet. */
export function freePlace(document: FlowDocument, wanted: Position): Position {
  let place = snapped(wanted);
  const taken = (): boolean => document.nodes.some(({ position }) => Math.abs(position.x - place.x) < BESIDE - GRID && Math.abs(position.y - place.y) < HEIGHT_ABOUT + GRID);
  while (taken()) place = { x: place.x + BESIDE, y: place.y };
  return place;
}

export interface Added { document: FlowDocument; id: string }

/** Puts a step where it was wanted, or where its way from `from` leads. Null where the flow is full. */
export function addStep(document: FlowDocument, type: string, types: Types, { at, from }: { at?: Position | undefined; from?: Port | undefined } = {}): Added | null {
  if (document.nodes.length >= NODES_MAX) return null;
  const id = freeId(ids(document), type);
  const source = from && stepOf(document, from.node);
  const position = at ? snapped(at) : freePlace(document, source ? below(source, from.port, types) : { x: 0, y: bottomOf(document) });
  const step: Step = { id, type, data: structuredClone(BEGINNINGS[type] ?? {}), position };
  const added: FlowDocument = { ...document, nodes: [...document.nodes, step] };
  return { id, document: from ? connect(added, { source: from.node, port: from.port, target: id }) : added };
}

function below(source: Step, port: string, types: Types): Position {
  const ports = portsOf(types.get(source.type), source.data);
  const nth = Math.max(0, ports.indexOf(port));
  return { x: source.position.x + (nth - (ports.length - 1) / 2) * (ports.length > 1 ? BESIDE : 0), y: source.position.y + BELOW };
}

const bottomOf = (document: FlowDocument): number => document.nodes.reduce((most, node) => Math.max(most, node.position.y + BELOW), 0);

/** Puts a step between the two that a way joins. What stands below makes room. */
export function insertOn(document: FlowDocument, way: Way, type: string, types: Types, at?: Position): Added | null {
  const source = stepOf(document, way.source);
  const target = stepOf(document, way.target);
  const added = addStep(document, type, types, { at: at ?? (source && target ? { x: (source.position.x + target.position.x) / 2, y: (source.position.y + target.position.y) / 2 } : undefined), from: { node: way.source, port: way.port } });
  if (!added) return null;
  const step = stepOf(added.document, added.id);
  const [out] = portsOf(types.get(type), step?.data ?? {});
  const joined = out === undefined ? added.document : connect(added.document, { source: added.id, port: out, target: way.target });
  return { id: added.id, document: joined };
}

/** Leads a port to a step: the way that it had before goes. Nothing leads into a start, nor from a step to itself alone. */
export function connect(document: FlowDocument, way: Way): FlowDocument {
  const target = stepOf(document, way.target);
  if (!target || target.type === 'start' || !stepOf(document, way.source)) return document;
  const old = document.edges.find((edge) => wayId(edge) === wayId(way));
  if (old?.target === way.target) return document;
  return { ...document, edges: [...document.edges.filter((edge) => edge !== old), way] };
}

export function disconnect(document: FlowDocument, port: Port): FlowDocument {
  const edges = document.edges.filter((edge) => edge.source !== port.node || edge.port !== port.port);
  return edges.length === document.edges.length ? document : { ...document, edges };
}

/** Takes what is chosen away. A step with one way in and one out leaves those two joined. */
export function remove(document: FlowDocument, selection: Selection): FlowDocument {
  const gone = new Set(selection.nodes);
  const ways = new Set(selection.edges);
  const notes = new Set(selection.comments);
  const mended: Way[] = [];
  for (const id of gone) {
    const into = document.edges.filter((edge) => edge.target === id);
    const out = document.edges.filter((edge) => edge.source === id);
    const [way] = into;
    const [on] = out;
    if (way && on && into.length === 1 && out.length === 1 && !gone.has(way.source) && !gone.has(on.target)) mended.push({ ...way, target: on.target });
  }
  const edges = document.edges.filter((edge) => !gone.has(edge.source) && !gone.has(edge.target) && !ways.has(wayId(edge)));
  return {
    ...document,
    nodes: document.nodes.filter((node) => !gone.has(node.id)),
    edges: [...edges, ...mended],
    comments: document.comments.filter((note) => !notes.has(note.id)).map((note) => (note.node !== null && gone.has(note.node) ? { ...note, node: null } : note)),
  };
}

/** Puts steps and notes elsewhere. */
export function move(document: FlowDocument, nodes: ReadonlyMap<string, Position>, comments: ReadonlyMap<string, Position> = new Map()): FlowDocument {
  let moved = false;
  const put = <T extends { id: string; position: Position }>(one: T, places: ReadonlyMap<string, Position>): T => {
    const to = places.get(one.id);
    if (!to || (to.x === one.position.x && to.y === one.position.y)) return one;
    moved = true;
    return { ...one, position: to };
  };
  const next = { ...document, nodes: document.nodes.map((node) => put(node, nodes)), comments: document.comments.map((note) => put(note, comments)) };
  return moved ? next : document;
}

export const nudge = (document: FlowDocument, selection: Selection, by: Position): FlowDocument => {
  const shifted = (all: readonly { id: string; position: Position }[], chosen: readonly string[]): Map<string, Position> =>
    new Map(all.filter((one) => chosen.includes(one.id)).map((one) => [one.id, { x: one.position.x + by.x, y: one.position.y + by.y }]));
  return move(document, shifted(document.nodes, selection.nodes), shifted(document.comments, selection.comments));
};

export type Alignment = 'left' | 'center' | 'top' | 'spread';

/** Lines the chosen steps up: at one left edge, around one middle, in one row, or evenly from the first to the last. */
export function align(document: FlowDocument, nodes: readonly string[], how: Alignment, widthOf: (step: Step) => number): FlowDocument {
  const chosen = document.nodes.filter((node) => nodes.includes(node.id));
  if (chosen.length < 2) return document;
  const places = new Map<string, Position>();
  if (how === 'spread') {
    const wide = Math.max(...chosen.map((one) => one.position.x)) - Math.min(...chosen.map((one) => one.position.x));
    const tall = Math.max(...chosen.map((one) => one.position.y)) - Math.min(...chosen.map((one) => one.position.y));
    const axis = wide > tall ? 'x' : 'y';
    const sorted = chosen.toSorted((one, other) => one.position[axis] - other.position[axis]);
    const begin = sorted[0]?.position[axis] ?? 0;
    const gap = ((sorted.at(-1)?.position[axis] ?? 0) - begin) / (sorted.length - 1);
    for (const [nth, one] of sorted.entries()) places.set(one.id, { ...one.position, [axis]: Math.round(begin + nth * gap) });
  } else if (how === 'center') {
    const middle = chosen.reduce((sum, one) => sum + one.position.x + widthOf(one) / 2, 0) / chosen.length;
    for (const one of chosen) places.set(one.id, { ...one.position, x: Math.round(middle - widthOf(one) / 2) });
  } else {
    const axis = how === 'left' ? 'x' : 'y';
    const edge = Math.min(...chosen.map((one) => one.position[axis]));
    for (const one of chosen) places.set(one.id, { ...one.position, [axis]: edge });
  }
  return move(document, places);
}

/** The names that the items behind a step's ports have, by field; ways follow a name that is changed in its place. */
function renamed(type: NodeType | undefined, before: Data, after: Data): Map<string, string> {
  const found = new Map<string, string>();
  for (const { each, key } of type?.ports ?? []) {
    if (each === '') continue;
    const [old, now] = [before[each], after[each]];
    if (!Array.isArray(old) || !Array.isArray(now) || old.length !== now.length) continue;
    const names = (items: unknown[]): string[] => items.map((item) => String((item as Data)[key] ?? ''));
    const [was, is] = [names(old), names(now)];
    if ([...was].sort().join('\n') === [...is].sort().join('\n')) continue; // put into another order
    for (const [nth, name] of was.entries()) if (is[nth] !== undefined && is[nth] !== name) found.set(name, is[nth]);
  }
  return found;
}

/** Gives a step other data. Its ways follow renamed ports; those of ports that are gone go too. */
export function setData(document: FlowDocument, id: string, data: Data, types: Types): FlowDocument {
  const step = stepOf(document, id);
  if (!step || step.data === data) return document;
  const type = types.get(step.type);
  const names = renamed(type, step.data, data);
  const ports = new Set(portsOf(type, data));
  const old = new Set(portsOf(type, step.data));
  const edges = document.edges.flatMap((edge) => {
    if (edge.source !== id) return [edge];
    const name = names.get(edge.port);
    if (name !== undefined) return [{ ...edge, port: name }];
    return ports.has(edge.port) || !old.has(edge.port) ? [edge] : [];
  });
  const same = edges.length === document.edges.length && edges.every((edge, nth) => edge === document.edges[nth]);
  return { ...document, nodes: document.nodes.map((node) => (node.id === id ? { ...node, data } : node)), edges: same ? document.edges : edges };
}

// Notes

export function addNote(document: FlowDocument, at: Position, node: string | null, text = ''): Added {
  const id = freeId(new Set(document.comments.map((note) => note.id)), 'note');
  const note: Note = { id, text, node, position: snapped(at) };
  return { id, document: { ...document, comments: [...document.comments, note] } };
}

export const setNote = (document: FlowDocument, id: string, text: string): FlowDocument => ({ ...document, comments: document.comments.map((note) => (note.id === id ? { ...note, text } : note)) });

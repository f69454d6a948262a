/** Steps on their way through the clipboard, as JSON, so that they reach other flows and other tabs. Pure. */
import { documentOf, freeId, NODES_MAX, snapped, SPEC_VERSION, type FlowDocument, type Position, type Selection } from './document';

const KIND = 'parley/flow-steps';
const CHARS_MAX = 1_000_000;

/** The chosen steps and notes with the ways between them; empty for none. */
export function copied(document: FlowDocument, selection: Selection): string {
  const chosen = new Set(selection.nodes);
  const notes = new Set(selection.comments);
  const nodes = document.nodes.filter((node) => chosen.has(node.id));
  const comments = document.comments.filter((note) => notes.has(note.id));
  if (nodes.length + comments.length === 0) return '';
  const edges = document.edges.filter((edge) => chosen.has(edge.source) && chosen.has(edge.target));
  return JSON.stringify({ kind: KIND, spec_version: SPEC_VERSION, nodes, edges, comments });
}

function piecesOf(text: string): FlowDocument | null {
  if (text.length > CHARS_MAX || !text.includes(KIND)) return null;
  try {
    const raw = JSON.parse(text) as Record<string, unknown>;
    return raw.kind === KIND ? documentOf(raw) : null;
  } catch {
    return null;
  }
}

export interface Pasted { document: FlowDocument; selection: Selection }

/** Adds what a text of the clipboard holds, its middle at `at`, under ids that are free. Null for any other text, and where it does not fit. */
export function paste(document: FlowDocument, text: string, at: Position): Pasted | null {
  const pieces = piecesOf(text);
  if (!pieces || document.nodes.length + pieces.nodes.length > NODES_MAX) return null;
  const all = [...pieces.nodes, ...pieces.comments].map((one) => one.position);
  const middle = (axis: 'x' | 'y'): number => (Math.min(...all.map((one) => one[axis])) + Math.max(...all.map((one) => one[axis]))) / 2;
  const by = snapped({ x: at.x - middle('x'), y: at.y - middle('y') });
  const shift = (one: Position): Position => ({ x: one.x + by.x, y: one.y + by.y });
  const taken = new Set(document.nodes.map((node) => node.id));
  const names = new Map<string, string>();
  for (const node of pieces.nodes) {
    const id = freeId(taken, node.id.replace(/_\d+$/, ''));
    taken.add(id);
    names.set(node.id, id);
  }
  const nodes = pieces.nodes.map((node) => ({ ...node, id: names.get(node.id) ?? node.id, position: shift(node.position) }));
  const edges = pieces.edges.flatMap((edge) => {
    const [source, target] = [names.get(edge.source), names.get(edge.target)];
    return source && target ? [{ source, port: edge.port, target }] : [];
  });
  const noted = new Set(document.comments.map((note) => note.id));
  const comments = pieces.comments.map((note) => {
    const id = freeId(noted, note.id.replace(/_\d+$/, ''));
    noted.add(id);
    return { ...note, id, node: (note.node && names.get(note.node)) || null, position: shift(note.position) };
  });
  return {
    document: { ...document, nodes: [...document.nodes, ...nodes], edges: [...document.edges, ...edges], comments: [...document.comments, ...comments] },
    selection: { nodes: nodes.map((node) => node.id), edges: [], comments: comments.map((note) => note.id) },
  };
}

const BESIDE = 40;

/** The chosen steps once more, a little beside. */
export function duplicate(document: FlowDocument, selection: Selection): Pasted | null {
  const text = copied(document, selection);
  if (text === '') return null;
  const all = [...document.nodes.filter((node) => selection.nodes.includes(node.id)), ...document.comments.filter((note) => selection.comments.includes(note.id))].map((one) => one.position);
  const middle = (axis: 'x' | 'y'): number => (Math.min(...all.map((one) => one[axis])) + Math.max(...all.map((one) => one[axis]))) / 2;
  return paste(document, text, { x: middle('x') + BESIDE, y: middle('y') + BESIDE });
}

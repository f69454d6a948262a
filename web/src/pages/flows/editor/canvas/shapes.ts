/** The document as React Flow draws it. What did not change keeps its object, so that its box is not drawn again. */
import { Position as Side, type Edge, type Node } from '@xyflow/react';
import type { ReactNode } from 'react';
import { summaryOf } from '../summary';
import { portsOf, wayId, type FlowDocument, type NodeType, type Note, type Selection, type Step, type Way } from '../document';

export type Mark = 'added' | 'removed' | 'changed';
export type Trouble = 'error' | 'warning';

export interface StepData extends Record<string, unknown> {
  step: Step; title: string; says: string; ports: string[]; lit: boolean; stop: boolean; open: string;
  badge: ReactNode; mark: Mark | undefined; trouble: Trouble | undefined;
}
export interface NoteData extends Record<string, unknown> { note: Note; writable: boolean; mark: Mark | undefined }
export interface WayData extends Record<string, unknown> { label: ReactNode; className: string; writable: boolean }
export type StepShape = Node<StepData, 'step'>;
export type NoteShape = Node<NoteData, 'note'>;
export type Shape = StepShape | NoteShape;
export type WayShape = Edge<WayData, 'way'>;

export const WIDTH = 220;
export const HEIGHT = 84;
export const ENDING = 60;
const PORT_WIDTH = 76;
const NOTE = { width: 200, height: 120 };
const HANDLE = 12;

export const nodeKey = (id: string): string => `n:${id}`;
export const noteKey = (id: string): string => `c:${id}`;
export const idOf = (key: string): string => key.slice(2);
export const isNote = (key: string): boolean => key.startsWith('c:');

/** How large the box of a step with so many ports is. */
export const sizeOf = (ports: number): { width: number; height: number } => ({ width: Math.max(WIDTH, ports * PORT_WIDTH), height: ports === 0 ? ENDING : HEIGHT });

function handlesOf(ports: string[], width: number, height: number): StepShape['handles'] {
  const box = { width: HANDLE, height: HANDLE };
  return [
    { id: null, type: 'target', position: Side.Top, x: width / 2 - HANDLE / 2, y: -HANDLE / 2, ...box },
    ...ports.map((port, nth) => ({ id: port, type: 'source' as const, position: Side.Bottom, x: (width * (nth + 0.5)) / ports.length - HANDLE / 2, y: height - HANDLE / 2, ...box })),
  ];
}

export interface Decoration {
  lit?: { nodes: ReadonlySet<string>; edges: ReadonlySet<string> } | undefined;
  badges?: { nodes: ReadonlyMap<string, ReactNode>; edges: ReadonlyMap<string, ReactNode> } | undefined;
  marks?: ReadonlyMap<string, Mark> | undefined;
  breakpoints?: ReadonlySet<string> | undefined;
  troubles?: ReadonlyMap<string, Trouble> | undefined;
  /** The port whose next step is chosen. */
  open?: { node: string; port: string } | null | undefined;
  /** The way that a step is held over. */
  over?: string | null | undefined;
}

const sameData = (one: Record<string, unknown>, other: Record<string, unknown>): boolean =>
  Object.keys(one).every((key) => Object.is(one[key], other[key]) || (key === 'ports' && String(one[key]) === String(other[key])));

/** Remembers the shapes that were made last, by key. */
export class Shapes {
  private nodes = new Map<string, Shape>();
  private edges = new Map<string, WayShape>();

  nodesOf(document: FlowDocument, types: ReadonlyMap<string, NodeType>, selected: Selection, writable: boolean, look: Decoration, next: string): Shape[] {
    const chosen = new Set(selected.nodes);
    const notes = new Set(selected.comments);
    const made = new Map<string, Shape>();
    const titles = new Map(document.nodes.map((step) => [step.id, types.get(step.type)?.title ?? step.type]));
    const ways = new Map<string, Way[]>();
    for (const way of document.edges) ways.set(way.source, [...(ways.get(way.source) ?? []), way]);
    for (const step of document.nodes) {
      const ports = portsOf(types.get(step.type), step.data);
      const out = ways.get(step.id) ?? [];
      for (const way of out) if (!ports.includes(way.port)) ports.push(way.port);
      const title = titles.get(step.id) ?? '';
      const after = out.map((way) => `${ports.length > 1 ? `${way.port} → ` : ''}${titles.get(way.target) ?? ''}`).join(', ');
      const data: StepData = {
        step, ports, title, says: [title, summaryOf(step), after && `${next} ${after}`].filter(Boolean).join('. '), lit: look.lit?.nodes.has(step.id) ?? false, stop: look.breakpoints?.has(step.id) ?? false,
        open: look.open?.node === step.id ? look.open.port : '', badge: look.badges?.nodes.get(step.id), mark: look.marks?.get(step.id), trouble: look.troubles?.get(step.id),
      };
      this.keep(made, nodeKey(step.id), data, chosen.has(step.id), () => {
        const size = sizeOf(ports.length);
        return { id: nodeKey(step.id), type: 'step', position: step.position, ...size, measured: size, handles: handlesOf(ports, size.width, size.height) ?? [], data, selected: chosen.has(step.id), ariaLabel: data.says, connectable: writable, draggable: writable };
      });
    }
    for (const note of document.comments) {
      const data: NoteData = { note, writable, mark: undefined };
      this.keep(made, noteKey(note.id), data, notes.has(note.id), () => ({ id: noteKey(note.id), type: 'note', position: note.position, ...NOTE, measured: NOTE, data, selected: notes.has(note.id), draggable: writable, zIndex: -1 }));
    }
    this.nodes = made;
    return [...made.values()];
  }

  edgesOf(document: FlowDocument, types: ReadonlyMap<string, NodeType>, selected: Selection, writable: boolean, look: Decoration): WayShape[] {
    const chosen = new Set(selected.edges);
    const titles = new Map(document.nodes.map((step) => [step.id, types.get(step.type)?.title ?? step.type]));
    const next = new Map<string, WayShape>();
    for (const way of document.edges) {
      const id = wayId(way);
      if (!titles.has(way.source) || !titles.has(way.target)) continue;
      const data: WayData = { label: look.badges?.edges.get(id), className: [look.lit?.edges.has(id) && 'lit', look.over === id && 'over'].filter(Boolean).join(' '), writable };
      const old = this.edges.get(id);
      const kept = old && old.target === nodeKey(way.target) && old.selected === chosen.has(id) && sameData(data, old.data ?? {});
      next.set(id, kept ? old : { id, type: 'way', source: nodeKey(way.source), sourceHandle: way.port, target: nodeKey(way.target), data, className: data.className, ariaLabel: `${titles.get(way.source) ?? ''}, ${way.port} → ${titles.get(way.target) ?? ''}`, selected: chosen.has(id) });
    }
    this.edges = next;
    return [...next.values()];
  }

  private keep(into: Map<string, Shape>, key: string, data: Record<string, unknown>, selected: boolean, make: () => Shape): void {
    const old = this.nodes.get(key);
    into.set(key, old && old.selected === selected && sameData(data, old.data) ? old : make());
  }
}

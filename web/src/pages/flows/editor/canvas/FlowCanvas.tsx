import '@xyflow/react/dist/base.css';
import { Background, BackgroundVariant, MarkerType, MiniMap, ReactFlow, ReactFlowProvider, applyNodeChanges, useReactFlow, type Connection, type EdgeChange, type FinalConnectionState, type NodeChange, type Viewport } from '@xyflow/react';
import { useCallback, useLayoutEffect, useMemo, useRef, useState, type DragEvent, type KeyboardEvent, type MouseEvent, type ReactNode, type RefObject } from 'react';
import { useTranslation } from 'react-i18next';
import type { Store } from '../../../../app/store';
import { NOTHING, wayId, type FlowDocument, type Position, type Selection } from '../document';
import { addStep, connect, insertOn, move, nudge, setNote, type Port } from '../edits';
import { useNodeTypes } from '../nodeTypes';
import classes from './canvas.module.css';
import { useCanvasHandle, type CanvasHandle, type View } from './handle';
import { neighbour, DIRECTIONS } from './neighbour';
import { NoteBox } from './NoteBox';
import { NoteText } from './noteText';
import { idOf, isNote, Shapes, sizeOf, type Decoration, type Mark, type Shape, type Trouble, type WayShape } from './shapes';
import { StepBox } from './StepBox';
import { StepPicker, type Picking } from './StepPicker';
import { WayLine } from './WayLine';

export interface FlowCanvasProps {
  document: FlowDocument;
  selected?: Selection;
  onSelect?: (selection: Selection) => void;
  /** Absent: read only. `mark` joins changes of the same thing to one step of undo. */
  onChange?: (document: FlowDocument, mark?: string) => void;
  /** What a run went through; ways by `wayId`. */
  lit?: { nodes: ReadonlySet<string>; edges: ReadonlySet<string> };
  /** What is counted: below a step, on a way. */
  badges?: { nodes: ReadonlyMap<string, ReactNode>; edges: ReadonlyMap<string, ReactNode> };
  /** How a step differs from another version. */
  marks?: ReadonlyMap<string, Mark>;
  breakpoints?: ReadonlySet<string>;
  troubles?: ReadonlyMap<string, Trouble>;
  /** What was done last with Enter or a double click on a step. */
  onOpen?: (node: string) => void;
  handle?: RefObject<CanvasHandle | null>;
  /** What is seen, to be seen again by the drawing that takes the place of this one. */
  view?: Store<View>;
  label?: string;
  /** A drawing to peek at: without a map of its own. */
  small?: boolean;
}

export const DRAGGED = 'application/x-parley-step';
const NODE_TYPES = { step: StepBox, note: NoteBox };
const EDGE_TYPES = { way: WayLine };
const SNAP: [number, number] = [20, 20];
const MARKER = { type: MarkerType.ArrowClosed, width: 16, height: 16, color: 'var(--flow-line)' };
const EDGE_OPTIONS = { markerEnd: MARKER };
const PRO = { hideAttribution: true };
/** Fewer are seen at a glance. */
const MAP_NODES_MIN = 6;
const FAR = 0.55;
const STEP_BY: Record<string, Position> = { ArrowLeft: { x: -20, y: 0 }, ArrowRight: { x: 20, y: 0 }, ArrowUp: { x: 0, y: -20 }, ArrowDown: { x: 0, y: 20 } };

const without = (ids: readonly string[], id: string): string[] => ids.filter((one) => one !== id);
const withOne = (ids: readonly string[], id: string, on: boolean): string[] => (on ? [...without(ids, id), id] : without(ids, id));

/** The way that lies under a point of the screen. */
function wayAt(x: number, y: number): string | null {
  for (const element of window.document.elementsFromPoint(x, y)) {
    const edge = element.closest('.react-flow__edge');
    if (edge) return edge.getAttribute('data-id');
  }
  return null;
}

function Canvas({ document, selected = NOTHING, onSelect, onChange, lit, badges, marks, breakpoints, troubles, onOpen, handle, view, label, small = false }: FlowCanvasProps) {
  const { t } = useTranslation('flows');
  const types = useNodeTypes();
  const flow = useReactFlow();
  const [shapes] = useState(() => new Shapes());
  const [picking, setPicking] = useState<Picking | null>(null);
  const [over, setOver] = useState<string | null>(null);
  const wrapper = useRef<HTMLDivElement>(null);
  const writable = onChange !== undefined;
  const look: Decoration = { lit, badges, marks, breakpoints, troubles, open: picking?.from };
  const made = shapes.nodesOf(document, types, selected, writable, look, t('canvas.next'));
  const [nodes, setNodes] = useState<Shape[]>(made);
  const [drawn, setDrawn] = useState(made);
  if (made.length !== drawn.length || made.some((one, nth) => one !== drawn[nth])) {
    // The document or what is chosen changed: what was dragged meanwhile stands in it.
    setDrawn(made);
    setNodes(made);
  }
  const edges = useMemo(() => shapes.edgesOf(document, types, selected, writable, { lit, badges, over }), [shapes, document, types, selected, writable, lit, badges, over]);

  const latest = useRef(selected);
  const now = useRef(document);
  useLayoutEffect(() => {
    latest.current = selected;
    now.current = document;
  }, [selected, document]);
  const choose = useCallback((next: Selection) => {
    latest.current = next;
    onSelect?.(next);
  }, [onSelect]);

  const onNodesChange = useCallback((changes: NodeChange<Shape>[]) => {
    let next = latest.current;
    for (const change of changes) {
      if (change.type !== 'select') continue;
      next = isNote(change.id) ? { ...next, comments: withOne(next.comments, idOf(change.id), change.selected) } : { ...next, nodes: withOne(next.nodes, idOf(change.id), change.selected) };
    }
    if (next !== latest.current) choose(next);
    const moves = changes.filter((change) => change.type === 'position');
    if (moves.length > 0) setNodes((old) => applyNodeChanges(moves, old));
  }, [choose]);
  const onEdgesChange = useCallback((changes: EdgeChange<WayShape>[]) => {
    let next = latest.current;
    for (const change of changes) if (change.type === 'select') next = { ...next, edges: withOne(next.edges, change.id, change.selected) };
    if (next !== latest.current) choose(next);
  }, [choose]);

  const dropped = useCallback((_: unknown, __: unknown, all: Shape[]) => {
    const places = (wanted: boolean): Map<string, Position> => new Map(all.filter((one) => isNote(one.id) === wanted).map((one) => [idOf(one.id), { x: Math.round(one.position.x), y: Math.round(one.position.y) }]));
    const next = move(now.current, places(false), places(true));
    if (next !== now.current) onChange?.(next);
  }, [onChange]);

  const put = useCallback((type: string, at: Position, way: string | null, from?: Port) => {
    const edge = way === null ? undefined : now.current.edges.find((one) => wayId(one) === way);
    const added = edge ? insertOn(now.current, edge, type, types, at) : addStep(now.current, type, types, { at, from });
    if (!added) return;
    onChange?.(added.document);
    choose({ ...NOTHING, nodes: [added.id] });
  }, [types, onChange, choose]);

  const onConnect = useCallback(({ source, sourceHandle, target }: Connection) => onChange?.(connect(now.current, { source: idOf(source), port: sourceHandle ?? 'next', target: idOf(target) })), [onChange]);
  const onConnectEnd = useCallback((event: globalThis.MouseEvent | TouchEvent, state: FinalConnectionState) => {
    if (state.isValid || !state.fromNode || state.fromHandle?.type !== 'source' || state.toNode) return;
    const point = 'changedTouches' in event ? event.changedTouches[0] : event;
    if (!point) return;
    const from = { node: idOf(state.fromNode.id), port: state.fromHandle.id ?? 'next' };
    const place = flow.screenToFlowPosition({ x: point.clientX, y: point.clientY });
    setPicking({ x: point.clientX, y: point.clientY, from, pick: (type) => put(type, { x: place.x - 110, y: place.y }, null, from) });
  }, [flow, put]);

  const onDragOver = (event: DragEvent): void => {
    if (!writable || !event.dataTransfer.types.includes(DRAGGED)) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = 'copy';
    setOver(wayAt(event.clientX, event.clientY));
  };
  const onDrop = (event: DragEvent): void => {
    const type = event.dataTransfer.getData(DRAGGED);
    setOver(null);
    if (!writable || !types.has(type)) return;
    event.preventDefault();
    const place = flow.screenToFlowPosition({ x: event.clientX, y: event.clientY });
    put(type, { x: place.x - 110, y: place.y - 42 }, wayAt(event.clientX, event.clientY));
  };
  const pickAt = (event: MouseEvent): void => {
    if (!writable || !(event.target instanceof Element)) return;
    const step = event.target.closest<HTMLElement>('[data-step]')?.dataset.step;
    if (step !== undefined) {
      onOpen?.(step);
      return;
    }
    if (!event.target.closest('.react-flow__pane, .react-flow__edge')) return;
    const { clientX: x, clientY: y } = event;
    const place = flow.screenToFlowPosition({ x, y });
    const way = wayAt(x, y);
    setPicking({ x, y, pick: (type) => put(type, { x: place.x - 110, y: place.y - 42 }, way) });
  };

  const controls = useCanvasHandle({ handle, view, wrapper, document, types, nextStep: (from, x, y) => setPicking({ x, y, from, pick: (type) => {
    const added = addStep(now.current, type, types, { from });
    if (!added) return;
    onChange?.(added.document);
    choose({ ...NOTHING, nodes: [added.id] });
    controls.focusSoon(added.id);
  } }) });

  const onKeyDown = (event: KeyboardEvent): void => {
    if (!(event.target instanceof HTMLElement) || event.ctrlKey || event.metaKey) return;
    const focused = event.target.closest<HTMLElement>('.react-flow__node')?.dataset.id;
    if (focused === undefined || /^(TEXTAREA|INPUT|BUTTON)$/.test(event.target.tagName)) return;
    const direction = DIRECTIONS[event.key];
    if (event.key === 'Enter' || event.key === ' ') {
      choose(isNote(focused) ? { ...NOTHING, comments: [idOf(focused)] } : { ...NOTHING, nodes: [idOf(focused)] });
      if (event.key === 'Enter' && !isNote(focused)) onOpen?.(idOf(focused));
    } else if (direction && event.shiftKey && onChange) {
      const by = STEP_BY[event.key];
      const own = isNote(focused) ? { ...NOTHING, comments: [idOf(focused)] } : { ...NOTHING, nodes: [idOf(focused)] };
      const chosen = [...latest.current.nodes, ...latest.current.comments].includes(idOf(focused)) ? latest.current : own;
      if (by) onChange(nudge(now.current, chosen, by), `nudge ${focused}`);
    } else if (direction && !isNote(focused)) {
      const next = neighbour(now.current.nodes, idOf(focused), direction);
      if (next === null) return;
      choose({ ...NOTHING, nodes: [next] });
      controls.focus(next);
    } else return;
    event.preventDefault();
    event.stopPropagation();
  };

  const onMove = useCallback((_: unknown, { zoom }: { zoom: number }) => {
    // A class, not state: no box is drawn again for a change of zoom.
    wrapper.current?.toggleAttribute('data-far', zoom < FAR);
  }, []);
  const onMoveEnd = useCallback((_: unknown, viewport: Viewport) => view?.set(viewport), [view]);
  const editNote = useCallback((id: string, text: string) => onChange?.(setNote(now.current, id, text), `note ${id}`), [onChange]);

  return (
    <NoteText value={editNote}>
      <div className={classes.canvas} ref={wrapper} dir="ltr" role="region" aria-label={label ?? t('canvas.label')}>
        <ReactFlow<Shape, WayShape>
          nodes={nodes}
          edges={edges}
          nodeTypes={NODE_TYPES}
          edgeTypes={EDGE_TYPES}
          defaultEdgeOptions={EDGE_OPTIONS}
          onNodesChange={onNodesChange}
          onEdgesChange={onEdgesChange}
          onNodeDragStop={dropped}
          onSelectionDragStop={(event, all) => dropped(event, null, all)}
          onConnect={onConnect}
          onConnectEnd={onConnectEnd}
          onInit={controls.open}
          onKeyDown={onKeyDown}
          onDoubleClick={pickAt}
          onDragOver={onDragOver}
          onDragLeave={() => setOver(null)}
          onDrop={onDrop}
          onMove={onMove}
          onMoveEnd={onMoveEnd}
          nodesDraggable={writable}
          nodesConnectable={writable}
          edgesFocusable={writable}
          snapToGrid
          snapGrid={SNAP}
          minZoom={0.1}
          maxZoom={2}
          zoomOnDoubleClick={false}
          deleteKeyCode={null}
          multiSelectionKeyCode={MULTI}
          disableKeyboardA11y
          onlyRenderVisibleElements
          proOptions={PRO}
        >
          <Background variant={BackgroundVariant.Dots} gap={20} size={1.2} color="var(--flow-dot)" bgColor="var(--app-canvas)" />
          {!small && document.nodes.length >= MAP_NODES_MIN && <MiniMap pannable zoomable ariaLabel={t('canvas.map')} className={classes.map} nodeColor="var(--flow-line)" maskColor="var(--flow-mask)" bgColor="var(--app-surface)" style={MAP} />}
        </ReactFlow>
        {picking && <StepPicker picking={picking} onClose={() => setPicking(null)} />}
      </div>
    </NoteText>
  );
}

const MULTI = ['Shift', 'Meta', 'Control'];
const MAP = { width: 150, height: 100 };

/** The flow as a drawing: to look at, and with `onChange` to edit. */
export function FlowCanvas(props: FlowCanvasProps) {
  return <ReactFlowProvider><Canvas {...props} /></ReactFlowProvider>;
}

export { sizeOf };
export type { CanvasHandle, Mark, Trouble };

/** What the page can ask of the canvas: to show a step, to focus it, to zoom, to offer the next step. */
import { useReactFlow, type Viewport } from '@xyflow/react';
import { useCallback, useEffect, useImperativeHandle, useMemo, useRef, type RefObject } from 'react';
import { portsOf, stepOf, type FlowDocument } from '../document';
import type { Port, Types } from '../edits';
import type { Store } from '../../../../app/store';
import { nodeKey, sizeOf } from './shapes';

export interface CanvasHandle {
  /** Brings a step into the middle. */
  center: (node: string) => unknown;
  centerNote: (note: string) => void;
  /** Brings a step into view and gives it the focus. */
  focus: (node: string) => void;
  fit: () => void;
  whole: () => void;
  zoomIn: () => void;
  zoomOut: () => void;
  /** The middle of what is seen, in the flow's coordinates. */
  middle: () => { x: number; y: number };
  /** Offers the steps that may follow a port. */
  nextStep: (from: Port) => void;
}

/** What is seen of a flow: kept while another drawing of it takes the place of this one. */
export type View = Viewport | 'all' | null;

interface Parts { handle: RefObject<CanvasHandle | null> | undefined; view: Store<View> | undefined; wrapper: RefObject<HTMLDivElement | null>; document: FlowDocument; types: Types; nextStep: (from: Port, x: number, y: number) => void }

const TRIES = 30;
const TOP = 80;
const MS = 160;
const EDGE = 40;
const ALL = { padding: 0.1, maxZoom: 1 };

export function useCanvasHandle(parts: Parts): CanvasHandle & { open: () => void; focusSoon: (node: string) => void } {
  const flow = useReactFlow();
  const current = useRef(parts);
  useEffect(() => {
    current.current = parts;
  });
  const boxOf = useCallback((id: string) => {
    const { document, types } = current.current;
    const step = stepOf(document, id);
    return step && { ...step.position, ...sizeOf(portsOf(types.get(step.type), step.data).length) };
  }, []);
  const center = useCallback((id: string) => {
    const box = boxOf(id);
    if (box) void flow.setCenter(box.x + box.width / 2, box.y + box.height / 2, { zoom: Math.max(flow.getZoom(), 0.7), duration: still() ? 0 : MS });
  }, [flow, boxOf]);
  const centerNote = useCallback((id: string) => {
    const note = current.current.document.comments.find((one) => one.id === id);
    if (note) void flow.setCenter(note.position.x + 100, note.position.y + 60, { zoom: Math.max(flow.getZoom(), 0.7), duration: still() ? 0 : MS });
  }, [flow]);
  const focus = useCallback((id: string) => {
    const box = boxOf(id);
    const area = current.current.wrapper.current?.getBoundingClientRect();
    if (box && area) {
      const from = flow.flowToScreenPosition({ x: box.x, y: box.y });
      const to = flow.flowToScreenPosition({ x: box.x + box.width, y: box.y + box.height });
      if (from.x < area.left + EDGE || from.y < area.top + EDGE || to.x > area.right - EDGE || to.y > area.bottom - EDGE) center(id);
    }
    let tries = 0;
    const look = (): void => {
      const found = current.current.wrapper.current?.querySelector<HTMLElement>(`.react-flow__node[data-id="${CSS.escape(nodeKey(id))}"]`);
      if (found) found.focus({ preventScroll: true });
      else if (tries++ < TRIES) requestAnimationFrame(look);
    };
    look();
  }, [flow, boxOf, center]);
  const open = useCallback(() => {
    const { document, wrapper, view } = current.current;
    const kept = view?.get() ?? null;
    if (kept !== null) {
      void (kept === 'all' ? flow.fitView(ALL) : flow.setViewport(kept));
      return;
    }
    const start = document.nodes.find((node) => node.type === 'start') ?? document.nodes[0];
    const box = start && boxOf(start.id);
    const area = wrapper.current?.getBoundingClientRect();
    if (box && area) void flow.setViewport({ x: area.width / 2 - box.x - box.width / 2, y: TOP - box.y, zoom: 1 });
  }, [flow, boxOf]);
  const own = useMemo<CanvasHandle>(() => ({
    // A step that was added just now is known here one frame later.
    center: (id) => (boxOf(id) ? center(id) : requestAnimationFrame(() => requestAnimationFrame(() => center(id)))),
    centerNote, focus,
    fit: () => {
      current.current.view?.set('all');
      void flow.fitView({ ...ALL, duration: still() ? 0 : MS });
    },
    whole: () => void flow.zoomTo(1, { duration: still() ? 0 : MS }),
    zoomIn: () => void flow.zoomIn({ duration: still() ? 0 : MS }),
    zoomOut: () => void flow.zoomOut({ duration: still() ? 0 : MS }),
    middle: () => {
      const area = current.current.wrapper.current?.getBoundingClientRect();
      return area ? flow.screenToFlowPosition({ x: area.left + area.width / 2, y: area.top + area.height / 2 }) : { x: 0, y: 0 };
    },
    nextStep: (from) => {
      const box = boxOf(from.node);
      const area = current.current.wrapper.current?.getBoundingClientRect();
      if (!box || !area) return;
      const spot = flow.flowToScreenPosition({ x: box.x + box.width / 2, y: box.y + box.height });
      current.current.nextStep(from, Math.min(Math.max(spot.x, area.left + EDGE), area.right - EDGE), Math.min(Math.max(spot.y, area.top + EDGE), area.bottom - EDGE));
    },
  }), [flow, boxOf, center, centerNote, focus]);
  useImperativeHandle(parts.handle, () => own, [own]);
  const focusSoon = useCallback((node: string) => void requestAnimationFrame(() => focus(node)), [focus]);
  return useMemo(() => ({ ...own, open, focusSoon }), [own, open, focusSoon]);
}

const still = (): boolean => matchMedia('(prefers-reduced-motion: reduce)').matches;


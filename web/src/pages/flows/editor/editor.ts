/** What all parts of the editor share. Each part follows only the store that it draws, so that a step of a drag draws no form. */
import { createContext, use, type ReactNode, type RefObject } from 'react';
import type { FlowLook } from '../../../api/flows';
import type { Problem } from '../../../api/problem';
import { createStore, useStore, type Store } from '../../../app/store';
import { change, redo, start, undo, type History } from '../../../ui/ConditionBuilder/history';
import type { CanvasHandle } from './canvas/handle';
import type { Mark } from './canvas/shapes';
import { NOTHING, stepOf, still, type FlowDocument, type Selection } from './document';

/** How the draft stands: `at` is when the server last had all of it. */
export type Saving =
  | { kind: 'saved'; at: string | null }
  | { kind: 'saving' | 'unsaved' }
  | { kind: 'failed'; problem: Problem }
  | { kind: 'conflict'; by: string; at: string };

/** What a panel lays over the canvas. */
export interface Overlay {
  lit?: { nodes: ReadonlySet<string>; edges: ReadonlySet<string> };
  badges?: { nodes: ReadonlyMap<string, ReactNode>; edges: ReadonlyMap<string, ReactNode> };
  marks?: ReadonlyMap<string, Mark>;
  breakpoints?: ReadonlySet<string>;
}

/** Another document to look at in place of the draft: an earlier version, or two laid over each other. */
export interface Shown { title: string; document: FlowDocument }

export interface Editor {
  flowId: string;
  name: string;
  writable: boolean;
  history: Store<History<FlowDocument>>;
  selection: Store<Selection>;
  overlay: Store<Overlay>;
  shown: Store<Shown | null>;
  /** What is chosen in the drawing that is shown in place of the draft. */
  picked: Store<Selection>;
  saving: Store<Saving>;
  /** The number of the draft that the server has. */
  draft: Store<number>;
  look: Store<FlowLook | null>;
  panel: Store<string>;
  /** The place inside the chosen step's data that the inspector shows next: `/content/text`. */
  wanted: Store<string | null>;
  canvas: RefObject<CanvasHandle | null>;
  /** Changes the document. `mark` joins changes of the same thing, as while typing, to one step of undo. */
  edit: (next: (old: FlowDocument) => FlowDocument, mark?: string) => void;
  undo: () => void;
  redo: () => void;
  select: (selection: Selection) => void;
  /** Selects a step, brings it into the middle and opens the inspector, at a field where one is named. */
  reveal: (node: string, field?: string) => void;
}

export function makeEditor(flowId: string, name: string, writable: boolean, history: History<FlowDocument>, draft: number, savedAt: string | null): Editor {
  const canvas: RefObject<CanvasHandle | null> = { current: null };
  const put = (next: History<FlowDocument>): void => {
    editor.history.set(next);
    editor.selection.set(still(next.present, editor.selection.get()));
  };
  const editor: Editor = {
    flowId, name, writable, canvas,
    history: createStore(history),
    selection: createStore(NOTHING),
    overlay: createStore({}),
    shown: createStore<Shown | null>(null),
    picked: createStore(NOTHING),
    saving: createStore<Saving>({ kind: 'saved', at: savedAt }),
    draft: createStore(draft),
    look: createStore<FlowLook | null>(null),
    panel: createStore('inspector'),
    wanted: createStore<string | null>(null),
    edit: (next, mark = '') => {
      if (!writable) return;
      const old = editor.history.get();
      put(change(old, next(old.present), mark, Date.now()));
    },
    undo: () => put(undo(editor.history.get())),
    redo: () => put(redo(editor.history.get())),
    select: (selection) => editor.selection.set(selection),
    reveal: (node, field) => {
      if (!stepOf(editor.history.get().present, node)) return;
      editor.shown.set(null);
      editor.selection.set({ ...NOTHING, nodes: [node] });
      editor.panel.set('inspector');
      editor.wanted.set(field ?? null);
      canvas.current?.center(node);
    },
  };
  return editor;
}

export const startHistory = start<FlowDocument>;

export const EditorContext = createContext<Editor | null>(null);

export function useEditor(): Editor {
  const editor = use(EditorContext);
  if (!editor) throw new Error('outside a flow editor');
  return editor;
}

/** The document as it is edited. */
export const useDocument = (): FlowDocument => useStore(useEditor().history).present;

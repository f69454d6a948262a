/** What can be done with what is chosen, for keys, buttons and menus. */
import { useCallback, useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { toast } from '../../../ui/toast';
import { copied, duplicate, paste } from './clipboard';
import { inReadingOrder } from './canvas/neighbour';
import { NOTHING, NODES_MAX, portsOf, stepOf } from './document';
import { addNote, addStep, remove } from './edits';
import { useEditor } from './editor';
import { useNodeTypes } from './nodeTypes';
import { tidied } from './tidy';

export interface Actions {
  add: (type: string) => void;
  addAfter: () => void;
  addNote: () => void;
  copy: () => string;
  paste: (text: string) => boolean;
  duplicate: () => void;
  remove: () => void;
  selectAll: () => void;
  tidy: () => void;
}

export function useActions(): Actions {
  const { t } = useTranslation('flows');
  const editor = useEditor();
  const types = useNodeTypes();
  const document = useCallback(() => editor.history.get().present, [editor]);
  return useMemo<Actions>(() => {
    const full = (): void => void toast(t('editor.full', { count: NODES_MAX }));
    /** The chosen step's first way out that leads nowhere yet. */
    const open = (): { node: string; port: string } | undefined => {
      const [id] = editor.selection.get().nodes;
      const step = id === undefined ? undefined : stepOf(document(), id);
      const ports = step ? portsOf(types.get(step.type), step.data) : [];
      const port = ports.find((one) => !document().edges.some((edge) => edge.source === id && edge.port === one)) ?? ports[0];
      return id !== undefined && port !== undefined ? { node: id, port } : undefined;
    };
    return {
      add: (type) => {
        const from = type === 'start' ? undefined : open();
        const free = from && !document().edges.some((edge) => edge.source === from.node && edge.port === from.port) ? from : undefined;
        const added = addStep(document(), type, types, free ? { from: free } : { at: editor.canvas.current?.middle() });
        if (!added) {
          full();
          return;
        }
        editor.edit(() => added.document);
        editor.reveal(added.id);
      },
      addAfter: () => {
        const from = open();
        if (from) editor.canvas.current?.nextStep(from);
      },
      addNote: () => {
        const [id] = editor.selection.get().nodes;
        const step = id === undefined ? undefined : stepOf(document(), id);
        const at = step ? { x: step.position.x + 240, y: step.position.y } : (editor.canvas.current?.middle() ?? { x: 0, y: 0 });
        const added = addNote(document(), at, step?.id ?? null);
        editor.edit(() => added.document);
        editor.select({ ...NOTHING, comments: [added.id] });
        editor.canvas.current?.centerNote(added.id);
      },
      copy: () => {
        const shown = editor.shown.get();
        return shown ? copied(shown.document, editor.picked.get()) : copied(document(), editor.selection.get());
      },
      paste: (text) => {
        const found = paste(document(), text, editor.canvas.current?.middle() ?? { x: 0, y: 0 });
        if (!found) return false;
        editor.edit(() => found.document);
        editor.select(found.selection);
        return true;
      },
      duplicate: () => {
        const found = duplicate(document(), editor.selection.get());
        if (!found) return;
        editor.edit(() => found.document);
        editor.select(found.selection);
      },
      remove: () => {
        const next = remove(document(), editor.selection.get());
        editor.select(NOTHING);
        editor.edit(() => next);
      },
      selectAll: () => editor.select({ nodes: inReadingOrder(document().nodes).map((node) => node.id), edges: [], comments: document().comments.map((note) => note.id) }),
      tidy: () => {
        const before = document();
        void tidied(before, types).then((next) => {
          // Who drew on meanwhile keeps what was drawn.
          if (document() !== before) return;
          editor.edit(() => next);
          // The steps stand in their new places one frame later.
          requestAnimationFrame(() => requestAnimationFrame(() => editor.canvas.current?.fit()));
        });
      },
    };
  }, [editor, types, t, document]);
}

import { memo } from 'react';
import type { Flow } from '../../../api/flows';
import { useStore } from '../../../app/store';
import { FlowCanvas } from './canvas/FlowCanvas';
import { useEditor } from './editor';
import classes from './editor.module.css';
import { Panels } from './Panels';

const Drawing = memo(function Drawing() {
  const editor = useEditor();
  const { present } = useStore(editor.history);
  const selected = useStore(editor.selection);
  const overlay = useStore(editor.overlay);
  const shown = useStore(editor.shown);
  if (shown) return <FlowCanvas key="shown" document={shown.document} {...overlay} handle={editor.canvas} label={shown.title} />;
  return (
    <FlowCanvas
      key="draft"
      document={present}
      selected={selected}
      onSelect={editor.select}
      {...(editor.writable && { onChange: (next, mark) => editor.edit(() => next, mark) })}
      {...overlay}
      onOpen={(node) => editor.reveal(node)}
      handle={editor.canvas}
    />
  );
});

/** The whole editor: what it is, its steps to take, the drawing, the panels. */
export function Workbench({ flow }: { flow: Flow }) {
  return (
    <div className={classes.workbench}>
      <h1 className="visually-hidden">{flow.name}</h1>
      <div className={classes.middle}><Drawing /></div>
      <Panels />
    </div>
  );
}

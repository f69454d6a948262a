import { lazy, memo, Suspense, useCallback, useEffect, useRef, useState } from 'react';
import type { Flow } from '../../../api/flows';
import { createStore, useStore } from '../../../app/store';
import { loadArea } from '../../../i18n';
import { FlowCanvas } from './canvas/FlowCanvas';
import type { View } from './canvas/handle';
import { useEditor } from './editor';
import classes from './editor.module.css';
import { Foot } from './Foot';
import { Palette } from './Palette';
import { Panels } from './Panels';
import { Toolbar, type Dialog } from './Toolbar';
import { useEditorKeys } from './useEditorKeys';
import { useLook, useTroubleMarks } from './useLook';

const Publish = lazy(async () => {
  await loadArea('flowpublish');
  return { default: (await import('../publish/Publish')).Publish };
});
const loadFindBox = async () => ({ default: (await import('./FindBox')).FindBox });
const FindBox = lazy(loadFindBox);
const Rename = lazy(async () => ({ default: (await import('./Rename')).Rename }));
const Versions = lazy(async () => ({ default: (await import('./Versions')).Versions }));

const Starters = lazy(async () => {
  await loadArea('flowstart');
  return { default: (await import('../starters/Starters')).Starters };
});

/** Ready journeys while nothing is drawn but a start. */
function Beginnings() {
  const editor = useEditor();
  const { nodes, edges, comments } = useStore(editor.history).present;
  const shown = useStore(editor.shown);
  const empty = nodes.length <= 1 && edges.length === 0 && comments.length === 0;
  return editor.writable && empty && !shown ? <Suspense><Starters /></Suspense> : null;
}

const Drawing = memo(function Drawing() {
  const editor = useEditor();
  const { present } = useStore(editor.history);
  const selected = useStore(editor.selection);
  const overlay = useStore(editor.overlay);
  const shown = useStore(editor.shown);
  const picked = useStore(editor.picked);
  const troubles = useTroubleMarks();
  const [view] = useState(() => createStore<View>(null));
  const change = useCallback((next: typeof present, mark?: string) => editor.edit(() => next, mark), [editor]);
  if (shown) return <FlowCanvas key="shown" document={shown.document} selected={picked} onSelect={editor.picked.set} {...overlay} handle={editor.canvas} view={view} label={shown.title} />;
  return <FlowCanvas key="draft" document={present} selected={selected} onSelect={editor.select} {...(editor.writable && { onChange: change })} {...overlay} troubles={troubles} onOpen={editor.reveal} handle={editor.canvas} view={view} />;
});

function Look() {
  useLook();
  return null;
}

/** The whole editor: what it is, its steps to take, the drawing, the panels. */
export function Workbench({ flow }: { flow: Flow }) {
  const editor = useEditor();
  const palette = useRef<HTMLInputElement>(null);
  const [dialog, setDialog] = useState<Dialog>(null);
  const [finding, setFinding] = useState(false);
  const find = useCallback(() => setFinding(true), []);
  // Loaded after the canvas, but before anybody asks: what is typed at once must go into its field.
  useEffect(() => void loadFindBox(), []);
  const close = (): void => setDialog(null);
  useEditorKeys({ palette, onFind: find, onPublish: () => setDialog('publish') });
  return (
    <div className={classes.workbench}>
      <Look />
      <Toolbar flow={flow} onOpen={setDialog} onFind={find} />
      <div className={classes.middle}>
        {editor.writable && <Palette field={palette} />}
        <div className={classes.drawing}>
          <Suspense>{finding && <FindBox onClose={() => setFinding(false)} />}</Suspense>
          <div className={classes.canvas}><Drawing /><Beginnings /></div>
        </div>
      </div>
      <Panels />
      <Foot />
      <Suspense>
        {dialog === 'versions' && <Versions flow={flow} onClose={close} />}
        {dialog === 'publish' && <Publish flow={flow} onClose={close} />}
        {dialog === 'rename' && <Rename flow={flow} onClose={close} />}
      </Suspense>
    </div>
  );
}

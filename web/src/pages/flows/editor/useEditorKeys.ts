/** The keys of the editor. Copy and paste follow the browser's own, so that they need no permission. */
import { useEffect, type RefObject } from 'react';
import { useTranslation } from 'react-i18next';
import { useKeys } from '../../../app/keyboard';
import { useStore } from '../../../app/store';
import { toast } from '../../../ui/toast';
import { useEditor } from './editor';
import { PANELS } from './panelNames';
import { useActions } from './useActions';

const inField = (target: EventTarget | null): boolean => target instanceof HTMLElement && (target.isContentEditable || target.closest('input,textarea,select,[role="dialog"]') !== null);

function useClipboard(): void {
  const { t } = useTranslation('flows');
  const editor = useEditor();
  const actions = useActions();
  useEffect(() => {
    const copy = (event: ClipboardEvent): void => {
      if (inField(event.target) || (getSelection()?.toString() ?? '') !== '') return;
      const text = actions.copy();
      if (text === '') return;
      event.clipboardData?.setData('text/plain', text);
      event.preventDefault();
      const { nodes, comments } = (editor.shown.get() ? editor.picked : editor.selection).get();
      toast(t('clipboard.copied', { count: nodes.length + comments.length }));
    };
    const cut = (event: ClipboardEvent): void => {
      copy(event);
      if (event.defaultPrevented && editor.writable && !editor.shown.get()) actions.remove();
    };
    const paste = (event: ClipboardEvent): void => {
      if (inField(event.target) || !editor.writable || editor.shown.get()) return;
      if (actions.paste(event.clipboardData?.getData('text/plain') ?? '')) event.preventDefault();
    };
    document.addEventListener('copy', copy);
    document.addEventListener('cut', cut);
    document.addEventListener('paste', paste);
    return () => {
      document.removeEventListener('copy', copy);
      document.removeEventListener('cut', cut);
      document.removeEventListener('paste', paste);
    };
  }, [editor, actions, t]);
}

export function useEditorKeys({ palette, onFind, onPublish }: { palette: RefObject<HTMLInputElement | null>; onFind: () => void; onPublish: () => void }): void {
  const { t } = useTranslation('flows');
  const editor = useEditor();
  const actions = useActions();
  const canvas = editor.canvas;
  const shown = useStore(editor.shown) !== null;
  useClipboard();
  const looking = [
    { keys: 'Ctrl F', label: t('find.label'), run: onFind, inFields: true },
    { keys: '1', label: t('foot.fit'), run: () => canvas.current?.fit() },
    { keys: '0', label: t('keys.whole'), run: () => canvas.current?.whole() },
    { keys: '+', label: t('foot.zoomIn'), run: () => canvas.current?.zoomIn() },
    { keys: '-', label: t('foot.zoomOut'), run: () => canvas.current?.zoomOut() },
    { keys: 'p', label: t('panel.problems'), run: () => editor.panel.set('problems') },
    ...('simulator' in PANELS ? [{ keys: 's', label: t('panel.simulator'), run: () => editor.panel.set('simulator') }] : []),
    { keys: 'Ctrl A', label: t('keys.all'), run: actions.selectAll },
  ];
  const drawing = [
    { keys: 'a', label: t('keys.addAfter'), run: actions.addAfter },
    { keys: '/', label: t('palette.search'), run: () => palette.current?.focus() },
    { keys: 'Ctrl D', label: t('action.duplicate'), run: actions.duplicate },
    { keys: 'd', label: t('action.duplicate'), run: actions.duplicate },
    { keys: 'Delete', label: t('action.remove'), run: actions.remove },
    { keys: 'Backspace', label: t('action.remove'), run: actions.remove },
    { keys: 'n', label: t('note.add'), run: actions.addNote },
    { keys: 'Ctrl Z', label: t('toolbar.undo'), run: editor.undo },
    { keys: 'Ctrl Y', label: t('toolbar.redo'), run: editor.redo },
    { keys: 'Ctrl Shift Z', label: t('toolbar.redo'), run: editor.redo },
    { keys: 'Ctrl Enter', label: t('toolbar.publish'), run: onPublish },
  ];
  // Over another drawing no key changes the draft, which nobody sees then.
  useKeys(t('keys.title'), editor.writable && !shown ? [...looking, ...drawing] : looking);
}

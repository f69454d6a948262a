import '@mantine/core/styles/Tabs.layer.css';
import { Tabs } from '@mantine/core';
import { lazy, memo, Suspense } from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from '../../../app/store';
import { useEditor } from './editor';
import classes from './editor.module.css';
import { PANELS } from './panelNames';

// Several things are chosen now and then; who edits one step need not wait for it.
const Many = lazy(async () => ({ default: (await import('./inspector/Many')).Many }));

/** Everything about the flow beside its drawing, in tabs. */
export const Panels = memo(function Panels() {
  const { t } = useTranslation('flows');
  const editor = useEditor();
  const panel = useStore(editor.panel);
  const { nodes, comments, edges } = useStore(editor.selection);
  const shown = useStore(editor.shown);
  const many = !shown && (nodes.length + comments.length > 1 || (nodes.length === 0 && comments.length + edges.length > 0));
  return (
    <Tabs className={classes.panels} value={panel} onChange={(next) => next && editor.panel.set(next)} keepMounted={false}>
      <Tabs.List className={classes.tabs} aria-label={t('panel.label')}>
        {Object.keys(PANELS).map((name) => <Tabs.Tab key={name} value={name} className={classes.tab}>{t(`panel.${name}`)}</Tabs.Tab>)}
      </Tabs.List>
      {Object.entries(PANELS).map(([name, Panel]) => (
        <Tabs.Panel key={name} value={name} className={classes.panel}>
          <Suspense fallback={<div className="skeleton" style={{ height: 120 }} />}>{many && name === 'inspector' ? <Many /> : <Panel />}</Suspense>
        </Tabs.Panel>
      ))}
    </Tabs>
  );
});

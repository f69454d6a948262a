import { ActionIcon, Button, Menu, Tooltip } from '@mantine/core';
import { IconArrowBackUp, IconArrowForwardUp, IconChevronLeft, IconDotsVertical, IconDownload, IconHistory, IconLayoutDistributeVertical, IconNote, IconPencil, IconPhoto, IconRocket, IconSearch, IconX } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { memo } from 'react';
import { useTranslation } from 'react-i18next';
import type { Flow } from '../../../api/flows';
import { can } from '../../../api/permissions';
import { useMe } from '../../../app/session';
import { useStore } from '../../../app/store';
import { FlowStatus } from '../FlowStatus';
import { useExports } from '../exports';
import { useEditor } from './editor';
import classes from './editor.module.css';
import { SaveState } from './SaveState';
import { useActions } from './useActions';

export type Dialog = 'versions' | 'publish' | 'rename' | null;

function UndoButtons() {
  const { t } = useTranslation('flows');
  const editor = useEditor();
  const { past, future } = useStore(editor.history);
  return (
    <>
      <Tooltip label={t('toolbar.undoHint')}><ActionIcon variant="subtle" color="gray" size={32} aria-label={t('toolbar.undo')} disabled={past.length === 0} onClick={editor.undo}><IconArrowBackUp size={18} aria-hidden /></ActionIcon></Tooltip>
      <Tooltip label={t('toolbar.redoHint')}><ActionIcon variant="subtle" color="gray" size={32} aria-label={t('toolbar.redo')} disabled={future.length === 0} onClick={editor.redo}><IconArrowForwardUp size={18} aria-hidden /></ActionIcon></Tooltip>
    </>
  );
}

/** What the flow is called, how it stands, and what can be done with the whole of it. */
export const Toolbar = memo(function Toolbar({ flow, onOpen, onFind }: { flow: Flow; onOpen: (dialog: Dialog) => void; onFind: () => void }) {
  const { t } = useTranslation('flows');
  const me = useMe();
  const editor = useEditor();
  const actions = useActions();
  const exports = useExports();
  const shown = useStore(editor.shown);
  return (
    <div className={classes.toolbar} role="toolbar" aria-label={t('toolbar.label')}>
      <Link to="/flows" className={classes.crumb}><IconChevronLeft size={16} aria-hidden className={classes.back} />{t('title')}</Link>
      <h1 className={classes.name}><bdi>{flow.name}</bdi></h1>
      <FlowStatus flow={flow} />
      {shown ? (
        <span className={classes.shown}>{shown.title}<Button size="xs" variant="default" leftSection={<IconX size={14} aria-hidden />} onClick={() => editor.shown.set(null)}>{t('toolbar.backToDraft')}</Button></span>
      ) : <SaveState />}
      <span className={classes.space} />
      {editor.writable && !shown && <UndoButtons />}
      {editor.writable && !shown && <Button variant="default" leftSection={<IconLayoutDistributeVertical size={16} aria-hidden />} onClick={actions.tidy}>{t('toolbar.tidy')}</Button>}
      <Button variant="default" leftSection={<IconSearch size={16} aria-hidden />} onClick={onFind}>{t('toolbar.find')}</Button>
      <Button variant="default" leftSection={<IconHistory size={16} aria-hidden />} onClick={() => onOpen('versions')}>{t('toolbar.versions')}</Button>
      {can(me, 'steerCampaigns') && editor.writable && <Button leftSection={<IconRocket size={16} aria-hidden />} onClick={() => onOpen('publish')}>{t('toolbar.publish')}</Button>}
      <Menu position="bottom-end" width={220}>
        <Menu.Target><ActionIcon variant="subtle" color="gray" size={32} aria-label={t('toolbar.more')}><IconDotsVertical size={18} aria-hidden /></ActionIcon></Menu.Target>
        <Menu.Dropdown>
          {editor.writable && <Menu.Item leftSection={<IconNote size={16} aria-hidden />} onClick={actions.addNote}>{t('note.add')}</Menu.Item>}
          {editor.writable && <Menu.Item leftSection={<IconPencil size={16} aria-hidden />} onClick={() => onOpen('rename')}>{t('rename.open')}</Menu.Item>}
          <Menu.Item leftSection={<IconDownload size={16} aria-hidden />} onClick={() => exports.json(flow)}>{t('export.json')}</Menu.Item>
          <Menu.Item leftSection={<IconPhoto size={16} aria-hidden />} onClick={() => exports.svg(flow)}>{t('export.svg')}</Menu.Item>
        </Menu.Dropdown>
      </Menu>
    </div>
  );
});

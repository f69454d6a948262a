import { Button } from '@mantine/core';
import { IconCopy, IconLayoutAlignCenter, IconLayoutAlignLeft, IconLayoutAlignTop, IconLayoutDistributeHorizontal, IconTrash, type Icon } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { useStore } from '../../../../app/store';
import { sizeOf } from '../canvas/shapes';
import { portsOf, type Step } from '../document';
import { align, type Alignment } from '../edits';
import { useEditor } from '../editor';
import { useNodeTypes } from '../nodeTypes';
import { useActions } from '../useActions';
import classes from './inspector.module.css';

const ALIGNMENTS: [Alignment, Icon][] = [['left', IconLayoutAlignLeft], ['center', IconLayoutAlignCenter], ['top', IconLayoutAlignTop], ['spread', IconLayoutDistributeHorizontal]];

/** What can be done with several steps at once. */
export function Many() {
  const { t } = useTranslation('flows');
  const editor = useEditor();
  const selection = useStore(editor.selection);
  const types = useNodeTypes();
  const actions = useActions();
  const widthOf = (step: Step): number => sizeOf(portsOf(types.get(step.type), step.data).length).width;
  return (
    <div className={classes.inspector}>
      <h2 className={classes.title}>{t('inspector.many', { count: selection.nodes.length + selection.comments.length })}</h2>
      {editor.writable && (
        <div className={classes.many}>
          {selection.nodes.length > 1 && ALIGNMENTS.map(([how, Glyph]) => <Button key={how} variant="default" justify="flex-start" leftSection={<Glyph size={16} aria-hidden />} onClick={() => editor.edit((old) => align(old, selection.nodes, how, widthOf))}>{t(`align.${how}`)}</Button>)}
          <Button variant="default" justify="flex-start" leftSection={<IconCopy size={16} aria-hidden />} onClick={actions.duplicate}>{t('action.duplicate')}</Button>
          <Button variant="default" justify="flex-start" leftSection={<IconTrash size={16} aria-hidden />} onClick={actions.remove}>{t('action.remove')}</Button>
        </div>
      )}
    </div>
  );
}

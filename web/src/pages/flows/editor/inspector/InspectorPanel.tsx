import { IconPointer } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { useStore } from '../../../../app/store';
import { EmptyState } from '../../../../ui/EmptyState';
import { stepOf } from '../document';
import { useEditor } from '../editor';
import { looksOf } from '../looks';
import { useNodeTypes } from '../nodeTypes';
import classes from './inspector.module.css';
import { NextSteps } from './NextSteps';

/** The chosen step: what it is, its fields, what follows. */
export function InspectorPanel() {
  const { t } = useTranslation('flows');
  const editor = useEditor();
  const types = useNodeTypes();
  const { nodes } = useStore(editor.selection);
  const { present } = useStore(editor.history);
  const [id] = nodes;
  const step = nodes.length === 1 && id !== undefined ? stepOf(present, id) : undefined;
  if (!step) return <EmptyState icon={IconPointer} title={nodes.length > 1 ? t('inspector.many', { count: nodes.length }) : t('inspector.none')} text={t('inspector.noneText')} />;
  const type = types.get(step.type);
  const { icon: Glyph, color } = looksOf(step.type);
  return (
    <div className={classes.inspector}>
      <header className={classes.head}>
        <span className={classes.icon} style={{ background: color }}><Glyph size={16} aria-hidden /></span>
        <h2>{type?.title ?? step.type}</h2>
      </header>
      <NextSteps step={step} />
    </div>
  );
}

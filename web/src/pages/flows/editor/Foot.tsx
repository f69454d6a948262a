import { ActionIcon, Button } from '@mantine/core';
import { IconAlertTriangle, IconCheck, IconExclamationCircle, IconFocusCentered, IconZoomIn, IconZoomOut } from '@tabler/icons-react';
import { memo } from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from '../../../app/store';
import { useEditor } from './editor';
import classes from './editor.module.css';
import { useTroubles } from './useLook';

function Count() {
  const { t } = useTranslation('flows');
  const { present } = useStore(useEditor().history);
  return <span className={classes.quiet}>{t('foot.steps', { count: present.nodes.length })}</span>;
}

/** What is wrong, in a line below the canvas, and the zoom. */
export const Foot = memo(function Foot() {
  const { t } = useTranslation('flows');
  const editor = useEditor();
  const troubles = useTroubles();
  const looked = useStore(editor.look) !== null;
  const errors = troubles.filter((one) => one.severity === 'error').length;
  const warnings = troubles.length - errors;
  const first = troubles.find((one) => one.severity === 'error') ?? troubles[0];
  const canvas = editor.canvas;
  return (
    <div className={classes.foot}>
      <div className={classes.footProblems} aria-live="polite">
        {looked && troubles.length === 0 && <span className={classes.fine}><IconCheck size={16} aria-hidden />{t('foot.fine')}</span>}
        {troubles.length > 0 && (
          <button type="button" className={classes.counts} onClick={() => editor.panel.set('problems')}>
            {errors > 0 && <span className={classes.error}><IconExclamationCircle size={16} aria-hidden />{t('foot.errors', { count: errors })}</span>}
            {warnings > 0 && <span className={classes.warning}><IconAlertTriangle size={16} aria-hidden />{t('foot.warnings', { count: warnings })}</span>}
          </button>
        )}
        {first && <span className={classes.footWords}>{first.words}</span>}
        {first && first.node !== '' && <Button size="xs" variant="default" onClick={() => editor.reveal(first.node, first.field)}>{t('foot.go')}</Button>}
      </div>
      <Count />
      <ActionIcon variant="subtle" color="gray" size={28} aria-label={t('foot.zoomOut')} onClick={() => canvas.current?.zoomOut()}><IconZoomOut size={16} aria-hidden /></ActionIcon>
      <ActionIcon variant="subtle" color="gray" size={28} aria-label={t('foot.zoomIn')} onClick={() => canvas.current?.zoomIn()}><IconZoomIn size={16} aria-hidden /></ActionIcon>
      <ActionIcon variant="subtle" color="gray" size={28} aria-label={t('foot.fit')} onClick={() => canvas.current?.fit()}><IconFocusCentered size={16} aria-hidden /></ActionIcon>
    </div>
  );
});

import { Button } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import classes from './ui.module.css';

/** What was done, and a button that takes it back. */
export function UndoToast({ text, onUndo }: { text: string; onUndo: () => void }) {
  const { t } = useTranslation();
  return (
    <div className={classes.undo}>
      <span>{text}</span>
      <Button size="xs" variant="default" onClick={onUndo}>{t('action.undo')}</Button>
    </div>
  );
}

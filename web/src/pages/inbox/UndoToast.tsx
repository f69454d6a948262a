import { Button } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import classes from './inbox.module.css';

export function UndoToast({ text, onUndo }: { text: string; onUndo: () => void }) {
  const { t } = useTranslation('inbox');
  return (
    <div className={classes.undo}>
      <span>{text}</span>
      <Button size="xs" variant="default" onClick={onUndo}>{t('common:action.undo')}</Button>
    </div>
  );
}

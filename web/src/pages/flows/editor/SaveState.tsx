import { Button } from '@mantine/core';
import { IconAlertTriangle, IconCheck, IconLoader2 } from '@tabler/icons-react';
import { lazy, memo, Suspense, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from '../../../app/store';
import { problemWords } from '../../../ui/problemWords';
import { When } from '../../../ui/When';
import { useEditor } from './editor';
import classes from './editor.module.css';
import { useSaver } from './saverContext';

const ConflictDialog = lazy(async () => ({ default: (await import('./ConflictDialog')).ConflictDialog }));

/** Whether the server has everything: always in words, and what to do where it has not. */
export const SaveState = memo(function SaveState() {
  const { t } = useTranslation('flows');
  const editor = useEditor();
  const saver = useSaver();
  const saving = useStore(editor.saving);
  const [later, setLater] = useState(false);
  if (!editor.writable) return <span className={classes.saving}>{t('saving.readOnly')}</span>;
  switch (saving.kind) {
    case 'saved': return <span className={classes.saving} data-testid="saving" data-state="saved"><IconCheck size={14} aria-hidden />{saving.at ? <>{t('saving.saved')} <When at={saving.at} /></> : t('saving.nothing')}</span>;
    case 'failed': return (
      <span className={classes.saving} data-testid="saving" data-state="failed" data-tone="danger" role="alert">
        <IconAlertTriangle size={14} aria-hidden />{t('saving.failed')} {problemWords(t, saving.problem).title}
        <Button size="xs" variant="default" onClick={() => void saver.flush()}>{t('common:action.retry')}</Button>
      </span>
    );
    case 'conflict': return (
      <span className={classes.saving} data-testid="saving" data-state="conflict" data-tone="danger">
        <IconAlertTriangle size={14} aria-hidden />{t('saving.conflict')}
        {later ? <Button size="xs" variant="default" onClick={() => setLater(false)}>{t('saving.decide')}</Button> : <Suspense><ConflictDialog by={saving.by} at={saving.at} onClose={() => setLater(true)} /></Suspense>}
      </span>
    );
    default: return <span className={classes.saving} data-testid="saving" data-state={saving.kind}><IconLoader2 size={14} aria-hidden />{t('saving.saving')}</span>;
  }
});

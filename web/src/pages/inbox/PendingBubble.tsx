import { Button } from '@mantine/core';
import { IconAlertCircle, IconLoader2 } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { problemWords } from '../../ui/problemWords';
import { Status } from '../../ui/Status';
import type { Outgoing } from './outbox';
import classes from './thread.module.css';

/** A reply that the API has not answered for yet. */
export function PendingBubble({ entry, onRetry, onDiscard, onEdit }: { entry: Outgoing; onRetry: () => void; onDiscard: () => void; onEdit: () => void }) {
  const { t } = useTranslation('inbox');
  const words = entry.problem && problemWords(t, entry.problem);
  const known = entry.problem && t(`reason.${entry.problem.code}`, '');
  return (
    <li className={classes.row} data-out data-first data-pending={entry.state}>
      <div className={classes.bubble} data-kind="out" data-refused={entry.state === 'unsent' || undefined} dir="auto">{entry.text}</div>
      <div className={classes.meta}>
        {entry.state === 'sending' ? (
          <span className={classes.delivery}><IconLoader2 size={14} aria-hidden />{t('state.sending')}</span>
        ) : (
          <Status tone="danger" icon={<IconAlertCircle size={13} aria-hidden />}>{t('state.unsent')}</Status>
        )}
      </div>
      {entry.state === 'unsent' && (
        <div className={classes.trouble} role="alert">
          {known || (words ? [words.title, words.text].filter(Boolean).join(' ') : t('thread.interrupted'))}
          <span className={classes.troubleActions}>
            <Button size="xs" variant="default" onClick={onRetry}>{t('common:action.retry')}</Button>
            <Button size="xs" variant="default" onClick={onEdit}>{t('thread.edit')}</Button>
            <Button size="xs" variant="default" onClick={onDiscard}>{t('thread.discard')}</Button>
          </span>
        </div>
      )}
    </li>
  );
}

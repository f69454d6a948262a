import { Button } from '@mantine/core';
import { IconAlertCircle, IconLoader2 } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { problemWords } from '../../ui/problemWords';
import { Status } from '../../ui/Status';
import { When } from '../../ui/When';
import { collision, isUnconfirmed, type Outgoing } from './outbox';
import classes from './thread.module.css';

interface Props { entry: Outgoing; onRetry: () => void; onAnyway: (messageId: string) => void; onDiscard: () => void; onEdit: () => void }

/** A reply that the API has not answered for yet, or has not let through. */
export function PendingBubble({ entry, onRetry, onAnyway, onDiscard, onEdit }: Props) {
  const { t } = useTranslation('inbox');
  const words = entry.problem && problemWords(t, entry.problem);
  const other = collision(entry);
  const known = entry.problem && t(`reason.${entry.problem.code}`, '');
  return (
    <li className={classes.row} data-out data-first data-pending={entry.state}>
      <div className={classes.bubble} data-kind="out" data-refused={entry.state === 'unsent' || undefined} dir="auto">{entry.text}</div>
      <div className={classes.meta}>
        {entry.state === 'sending' ? (
          <span className={classes.delivery}><IconLoader2 size={14} aria-hidden />{t('state.sending')}</span>
        ) : (
          <Status tone={other ? 'warning' : 'danger'} icon={<IconAlertCircle size={13} aria-hidden />}>{t(other ? 'state.heldBack' : isUnconfirmed(entry) ? 'state.unknown' : 'state.unsent')}</Status>
        )}
      </div>
      {entry.state === 'unsent' && (
        <div className={classes.trouble} role="alert">
          {other && <span><bdi>{other.by || t('collision.somebody')}</bdi> {t('collision.answered')} <When at={other.at} /> <q dir="auto">{other.text}</q></span>}
          {!other && (known || (words ? [words.title, words.text].filter(Boolean).join(' ') : t('thread.interrupted')))}
          <span className={classes.troubleActions}>
            {other
              ? <Button size="xs" onClick={() => onAnyway(other.messageId)}>{t('collision.anyway')}</Button>
              : <Button size="xs" variant="default" onClick={onRetry}>{t('common:action.retry')}</Button>}
            {!entry.content && <Button size="xs" variant="default" onClick={onEdit}>{t('thread.edit')}</Button>}
            <Button size="xs" variant="default" onClick={onDiscard}>{t('thread.discard')}</Button>
          </span>
        </div>
      )}
    </li>
  );
}

import { IconNote } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { Conversation } from '../../api/types';
import { When } from '../../ui/When';
import classes from './thread.module.css';

/** What whoever passed the conversation on wrote, above the composer of whoever has it now. */
export function HandedOn({ row }: { row: Conversation }) {
  const { t } = useTranslation('inbox');
  const note = row.handed_on;
  if (!note) return null;
  return (
    <div className={classes.handedOn} role="note" aria-label={t('pass.label')} data-testid="handed-on">
      <IconNote size={15} aria-hidden />
      <span><b><bdi>{note.by?.name ?? t('note.somebody')}</bdi></b> <span dir="auto">{note.text}</span>{note.at && <small><When at={note.at} /></small>}</span>
    </div>
  );
}

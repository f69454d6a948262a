import { Button, Modal } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { When } from '../../../ui/When';
import classes from '../dialogs.module.css';
import { valueWords } from '../words';
import { readField, type FieldValue } from './edits';
import type { Edit } from './useEdit';

/** Somebody else changed the same field: see both, keep one. */
export function ConflictDialog({ edit }: { edit: Edit }) {
  const { t } = useTranslation('contacts');
  const { conflict } = edit;
  if (!conflict) return null;
  const words = (value: FieldValue): string => (value === null || value === '' ? t('merge.empty') : valueWords(value, undefined, { yes: t('value.yes'), no: t('value.no') }));
  return (
    <Modal opened onClose={edit.takeTheirs} title={conflict.by ? t('conflict.title', { name: conflict.by }) : t('conflict.somebody')} closeButtonProps={{ 'aria-label': t('common:action.close') }}>
      <div className={classes.stack}>
        <p className={classes.dim}>{t('conflict.text', { field: conflict.label })} <When at={conflict.at} /></p>
        <div className={classes.compare}>
          <div className={classes.version}><small>{t('conflict.theirs')}</small><bdi>{words(readField(conflict.theirs, conflict.change.field))}</bdi></div>
          <div className={classes.version}><small>{t('conflict.mine')}</small><bdi>{words(conflict.change.value)}</bdi></div>
        </div>
        <div className={classes.actions}>
          <Button variant="default" onClick={edit.takeTheirs}>{t('conflict.take')}</Button>
          <Button onClick={edit.keepMine}>{t('conflict.keep')}</Button>
        </div>
      </div>
    </Modal>
  );
}

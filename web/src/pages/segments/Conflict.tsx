import { Button, Modal } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { Segment } from '../../api/types';
import type { PlainGroup } from '../../ui/ConditionBuilder/condition';
import type { Field } from '../../ui/ConditionBuilder/fields';
import { When } from '../../ui/When';
import { Difference } from './Difference';
import classes from './segments.module.css';

interface ConflictProps { by: string; at: string; theirs: Segment; mine: PlainGroup; fields: readonly Field[]; saving: boolean; onKeepMine: () => void; onTakeTheirs: () => void; onClose: () => void }

/** Somebody else saved first: who, what differs, and which of the two stays. */
export function Conflict({ by, at, theirs, mine, fields, saving, onKeepMine, onTakeTheirs, onClose }: ConflictProps) {
  const { t } = useTranslation('segments');
  return (
    <Modal opened onClose={onClose} size="lg" title={t('conflict.title')} closeButtonProps={{ 'aria-label': t('common:action.close') }}>
      <p>{by ? t('conflict.by', { name: by, version: theirs.version }) : t('conflict.somebody', { version: theirs.version })} <span className={classes.note}><When at={at} /></span></p>
      <h3 className={classes.dialogTitle}>{t('conflict.difference')}</h3>
      {theirs.condition && <Difference before={theirs.condition} after={mine} fields={fields} />}
      <p className={classes.note}>{t('conflict.text')}</p>
      <div className={classes.dialogActions}>
        <Button variant="default" onClick={onTakeTheirs}>{t('conflict.theirs')}</Button>
        <Button loading={saving} onClick={onKeepMine}>{t('conflict.mine')}</Button>
      </div>
    </Modal>
  );
}

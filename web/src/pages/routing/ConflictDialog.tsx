import { Button, Modal } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { RoutingBody } from '../../api/types';
import { When } from '../../ui/When';
import classes from './routing.module.css';
import type { Conflict } from './useSavingRules';

/** Somebody else saved first: who, which rules there are now, and which of the two lists stays. */
export function ConflictDialog({ conflict, mine, saving, onKeepMine, onTakeTheirs, onClose }: { conflict: Conflict; mine: RoutingBody; saving: boolean; onKeepMine: () => void; onTakeTheirs: () => void; onClose: () => void }) {
  const { t } = useTranslation('routing');
  const { theirs, by, at } = conflict;
  return (
    <Modal opened onClose={onClose} size="lg" title={t('conflict.title')} closeButtonProps={{ 'aria-label': t('common:action.close') }}>
      <p>{by ? t('conflict.by', { name: by }) : t('conflict.somebody')} {at && <When at={at} />}</p>
      <div className={classes.sides}>
        <section><h3 className={classes.asideTitle}>{t('conflict.theirs')}</h3><ol className={classes.versionRules}>{theirs.rules.map((rule) => <li key={rule.id}>{rule.name}</li>)}</ol></section>
        <section><h3 className={classes.asideTitle}>{t('conflict.mine')}</h3><ol className={classes.versionRules}>{mine.rules.map((rule, nth) => <li key={rule.id ?? nth}>{rule.name}</li>)}</ol></section>
      </div>
      <p className={classes.note}>{t('conflict.text')}</p>
      <div className={classes.dialogActions}>
        <Button variant="default" onClick={onTakeTheirs}>{t('conflict.takeTheirs')}</Button>
        <Button loading={saving} onClick={onKeepMine}>{t('conflict.keepMine')}</Button>
      </div>
    </Modal>
  );
}

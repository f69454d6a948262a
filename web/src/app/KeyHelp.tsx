import { Modal } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { keyGroups } from './keyboard';
import classes from './shell.module.css';
import { useStore } from './store';

/** The keys of the page that is open. */
export default function KeyHelp({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const groups = useStore(keyGroups);
  return (
    <Modal opened onClose={onClose} title={t('keys.title')} size="lg" closeButtonProps={{ 'aria-label': t('action.close') }}>
      <div className={classes.keyGroups}>
        {groups.toReversed().map((group) => (
          <section key={group.title}>
            <h3>{group.title}</h3>
            {group.bindings.map((binding) => (
              <div key={binding.keys} className={classes.keyRow}>
                <span>{binding.label}</span>
                <span>{binding.keys.split(' ').map((key) => <kbd key={key}>{key}</kbd>)}</span>
              </div>
            ))}
          </section>
        ))}
      </div>
      <p className={classes.keyNote}>{t('keys.note')}</p>
    </Modal>
  );
}

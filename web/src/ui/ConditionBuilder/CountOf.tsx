import { IconCheck } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { formatCount } from '../numbers';
import classes from './builder.module.css';
import { useBuilder } from './context';

/** How many people a row alone applies to; marked with ~ while that is counted anew. */
export function CountOf({ id }: { id: string }) {
  const { t } = useTranslation('conditions');
  const { counts, counting } = useBuilder();
  const count = counts?.get(id);
  if (count === undefined) return <span className={classes.count} data-counting={counting || undefined} />;
  return (
    <span className={classes.count} data-counting={counting || undefined} title={t('countHint')}>
      {!counting && <IconCheck size={13} aria-hidden />}
      {formatCount(count)}
      <span className="visually-hidden"> {t('people')}</span>
    </span>
  );
}

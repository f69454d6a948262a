import { Button } from '@mantine/core';
import { IconArrowsJoin, IconTag, IconTagOff, IconX } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import classes from './contacts.module.css';
import { SegmentMenu } from './SegmentMenu';
import { IDS_MAX, type Selection } from './selection';
import { numberWords } from './words';

interface Props { selection: Selection; count: number; onAll: () => void; onClear: () => void; onTag: (kind: 'add' | 'remove') => void; onMerge: () => void }

/** What can be done with the contacts that are chosen. */
export function SelectionBar({ selection, count, onAll, onClear, onTag, onMerge }: Props) {
  const { t } = useTranslation('contacts');
  const all = selection.kind === 'all';
  const chosen = selection.kind === 'all' ? count : selection.ids.size;
  return (
    <div className={classes.selection} role="toolbar" aria-label={t('selection.label')}>
      <strong aria-live="polite">{t(all ? 'selection.all' : 'selection.some', { count: chosen })}</strong>
      {!all && chosen < count && <button type="button" className={classes.link} onClick={onAll}>{t('selection.pickAll', { count })}</button>}
      {!all && chosen >= IDS_MAX && <span className={classes.dim}>{t('selection.most', { max: numberWords(IDS_MAX) })}</span>}
      <span className={classes.selectionActions}>
        <Button size="xs" variant="default" leftSection={<IconTag size={15} aria-hidden />} title={t('selection.tagKey')} onClick={() => onTag('add')}>{t('selection.tag')}</Button>
        <Button size="xs" variant="default" leftSection={<IconTagOff size={15} aria-hidden />} onClick={() => onTag('remove')}>{t('selection.untag')}</Button>
        {selection.kind === 'some' && <SegmentMenu ids={[...selection.ids]} />}
        {!all && chosen === 2 && <Button size="xs" variant="default" leftSection={<IconArrowsJoin size={15} aria-hidden />} title={t('selection.mergeKey')} onClick={onMerge}>{t('selection.merge')}</Button>}
        <button type="button" className={classes.icon} aria-label={t('selection.clear')} onClick={onClear}><IconX size={16} aria-hidden /></button>
      </span>
    </div>
  );
}

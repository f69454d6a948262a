import { Popover } from '@mantine/core';
import { IconChevronDown, IconChevronUp, IconColumns3 } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { Contact } from '../../api/contactTypes';
import { CheckBox } from '../../ui/CheckBox';
import type { Column } from '../../ui/DataTable';
import classes from './contacts.module.css';
import { DEFAULT_COLUMNS } from './columns';

interface Props { all: Column<Contact>[]; chosen: Column<Contact>[]; onChange: (cols: string | undefined) => void }

/** Which columns, in which order. The name stays first. */
export function ColumnsMenu({ all, chosen, onChange }: Props) {
  const { t } = useTranslation('contacts');
  const ids = chosen.map((column) => column.id);
  const set = (next: string[]): void => onChange(next.join() === DEFAULT_COLUMNS.join() ? undefined : next.join());
  const move = (id: string, by: 1 | -1): void => {
    const next = [...ids];
    const at = next.indexOf(id);
    [next[at], next[at + by]] = [next[at + by] ?? id, id];
    set(next);
  };
  const rest = all.filter((column) => !ids.includes(column.id));
  return (
    <Popover position="bottom-end" width={288} trapFocus returnFocus>
      <Popover.Target>
        <button type="button" className={classes.quiet}><IconColumns3 size={16} aria-hidden /><span>{t('columns.title')}</span></button>
      </Popover.Target>
      <Popover.Dropdown p={8} aria-label={t('columns.title')}>
        <ul className={classes.columnList} aria-label={t('columns.shown')}>
          {chosen.map((column, at) => (
            <li key={column.id}>
              <CheckBox checked disabled={column.id === 'name'} onChange={() => set(ids.filter((id) => id !== column.id))}><bdi>{column.label}</bdi></CheckBox>
              <button type="button" disabled={at < 2} aria-label={t('columns.up', { name: column.label })} onClick={() => move(column.id, -1)}><IconChevronUp size={15} aria-hidden /></button>
              <button type="button" disabled={at === 0 || at === chosen.length - 1} aria-label={t('columns.down', { name: column.label })} onClick={() => move(column.id, 1)}><IconChevronDown size={15} aria-hidden /></button>
            </li>
          ))}
        </ul>
        {rest.length > 0 && <div className={classes.columnTitle}>{t('columns.hidden')}</div>}
        <ul className={classes.columnList} aria-label={t('columns.hidden')}>
          {rest.map((column) => (
            <li key={column.id}><CheckBox checked={false} onChange={() => set([...ids, column.id])}><bdi>{column.label}</bdi></CheckBox></li>
          ))}
        </ul>
      </Popover.Dropdown>
    </Popover>
  );
}

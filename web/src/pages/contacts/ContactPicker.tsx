import { TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { IconSearch } from '@tabler/icons-react';
import { useState, type KeyboardEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { peopleQuery } from '../../api/contacts';
import type { Contact } from '../../api/contactTypes';
import { Avatar } from '../../ui/Avatar';
import { ProblemAlert } from '../../ui/ProblemAlert';
import classes from './dialogs.module.css';
import { titleOf } from './words';

const SEARCH_MS = 250;

interface Props { label: string; first?: Contact[]; without: string; onPick: (contact: Contact) => void }

/** Finds one contact by name or number. `first` are offered while nothing has been typed. */
export function ContactPicker({ label, first = [], without, onPick }: Props) {
  const { t } = useTranslation('contacts');
  const [text, setText] = useState('');
  const [active, setActive] = useState(0);
  const [search] = useDebouncedValue(text.trim(), SEARCH_MS);
  const { data, error, refetch } = useQuery(peopleQuery(search));
  const found = (search === '' && first.length > 0 ? first : (data?.items ?? [])).filter((row) => row.id !== without);
  const onKeyDown = (event: KeyboardEvent): void => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const hit = found[active];
    if (step) setActive((at) => Math.min(found.length - 1, Math.max(0, at + step)));
    else if (event.key === 'Enter' && hit) onPick(hit);
    else return;
    event.preventDefault();
  };
  return (
    <div>
      <TextInput data-autofocus label={label} placeholder={t('filter.search')} leftSection={<IconSearch size={16} aria-hidden />} value={text} onKeyDown={onKeyDown} onChange={(event) => {
        setText(event.currentTarget.value);
        setActive(0);
      }} />
      {error && <ProblemAlert error={error} onRetry={() => void refetch()} />}
      <div className={classes.people}>
        {found.map((row, at) => (
          <button key={row.id} type="button" className={classes.person} data-active={at === active || undefined} onClick={() => onPick(row)}>
            <Avatar name={row.name} id={row.id} size={28} />
            <span className={classes.personName}><bdi>{titleOf(row)}</bdi></span>
            <span className={classes.personMeta} dir="ltr">{row.name ? row.phone : ''}</span>
          </button>
        ))}
        {data && found.length === 0 && <p className={classes.dim}>{t('picker.none')}</p>}
      </div>
    </div>
  );
}

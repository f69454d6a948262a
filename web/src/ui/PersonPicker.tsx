import { Autocomplete } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { IconSearch } from '@tabler/icons-react';
import { useState } from 'react';
import { peopleQuery } from '../api/contacts';
import classes from './choice.module.css';

export interface PickedPerson { id: string; name: string }

const SEARCH_MS = 250;

/** Finds one contact by name or number; empties itself after each. */
export function PersonPicker({ label, placeholder, onPick }: { label: string; placeholder: string; onPick: (person: PickedPerson) => void }) {
  const [text, setText] = useState('');
  const [search] = useDebouncedValue(text.trim(), SEARCH_MS);
  const { data } = useQuery(peopleQuery(search));
  const rows = data?.items ?? [];
  return (
    <Autocomplete
      label={label}
      placeholder={placeholder}
      leftSection={<IconSearch size={15} aria-hidden />}
      value={text}
      onChange={setText}
      filter={({ options }) => options}
      data={rows.map((row) => ({ value: row.id, label: row.name || row.phone || row.id }))}
      renderOption={({ option }) => {
        const row = rows.find((one) => one.id === option.value);
        return <span className={classes.person}><bdi>{row?.name || row?.phone}</bdi>{row?.name && <small dir="ltr">{row.phone}</small>}</span>;
      }}
      onOptionSubmit={(id) => {
        const row = rows.find((one) => one.id === id);
        if (row) onPick({ id, name: row.name || row.phone || id });
        setText('');
      }}
    />
  );
}

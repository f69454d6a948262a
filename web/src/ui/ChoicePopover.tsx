import { Popover, TextInput } from '@mantine/core';
import { IconCheck, IconChevronDown, IconSearch, IconX } from '@tabler/icons-react';
import { useRef, useState, type KeyboardEvent, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import classes from './choice.module.css';

const SEARCH_FROM = 9;
const SHOWN_MAX = 200;

export interface Choice { value: string; label: string; hint?: string; icon?: ReactNode }

interface ChoiceListProps { label: string; choices: Choice[]; chosen: string | undefined; onPick: (value: string) => void; none: string; searchable?: boolean | undefined; atOnce?: boolean }

const focus = (field: HTMLInputElement | null): void => field?.focus({ preventScroll: true });

/** Options with a search field; arrows move, Enter picks. `atOnce`: no key that follows its opening goes elsewhere. */
export function ChoiceList({ label, choices, chosen, onPick, none, searchable, atOnce = false }: ChoiceListProps) {
  const [search, setSearch] = useState('');
  const [active, setActive] = useState(0);
  const list = useRef<HTMLDivElement>(null);
  const wanted = search.trim().toLocaleLowerCase();
  const hits = choices.filter((choice) => wanted === '' || `${choice.label} ${choice.value}`.toLocaleLowerCase().includes(wanted)).slice(0, SHOWN_MAX);
  const withSearch = searchable ?? choices.length >= SEARCH_FROM;
  const move = (to: number): void => {
    const next = Math.min(hits.length - 1, Math.max(0, to));
    setActive(next);
    const button = list.current?.querySelectorAll('button')[next];
    if (withSearch) button?.scrollIntoView({ block: 'nearest' });
    else button?.focus();
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const hit = hits[active];
    if (event.key === 'ArrowDown') move(active + 1);
    else if (event.key === 'ArrowUp') move(active - 1);
    else if (event.key === 'Enter' && hit && withSearch) onPick(hit.value);
    else return;
    event.preventDefault();
  };
  return (
    <div>
      {withSearch && (
        <TextInput ref={atOnce ? focus : undefined} data-autofocus className={classes.search} aria-label={label} placeholder={label} leftSection={<IconSearch size={16} aria-hidden />} value={search} onKeyDown={onKeyDown} onChange={(event) => {
          setSearch(event.currentTarget.value);
          setActive(0);
        }} />
      )}
      <div className={classes.list} ref={list}>
        {hits.map((choice, at) => (
          <button key={choice.value} type="button" className={classes.choice} data-active={(withSearch && at === active) || undefined} aria-pressed={choice.value === chosen} onKeyDown={onKeyDown} onClick={() => onPick(choice.value)}>
            {choice.icon}
            <span className={classes.choiceLabel}><bdi>{choice.label}</bdi></span>
            {choice.hint && <small>{choice.hint}</small>}
            <IconCheck size={15} aria-hidden className={choice.value === chosen ? undefined : classes.unchosen} />
          </button>
        ))}
        {hits.length === 0 && <div className={classes.none}>{none}</div>}
      </div>
    </div>
  );
}

interface PopoverProps { label: string; choices: Choice[]; value: string | undefined; onChange: (value: string | undefined) => void; none: string; onOpen?: () => void }

/** A filter: its name while off, its name and value while on, with a way to switch it off. */
export function ChoicePopover({ label, choices, value, onChange, none, onOpen }: PopoverProps) {
  const { t } = useTranslation();
  const [opened, setOpened] = useState(false);
  const chosen = choices.find((choice) => choice.value === value);
  const pick = (next: string): void => {
    setOpened(false);
    onChange(next === value ? undefined : next);
  };
  return (
    <span className={classes.filter} data-on={value !== undefined || undefined}>
      <Popover opened={opened} onChange={setOpened} position="bottom-start" width={264} trapFocus returnFocus>
        <Popover.Target>
          <button type="button" className={classes.trigger} aria-expanded={opened} onClick={() => {
            setOpened((open) => !open);
            onOpen?.();
          }}>
            <span>{label}</span>
            {value !== undefined && <strong><bdi>{chosen?.label ?? value}</bdi></strong>}
            {value === undefined && <IconChevronDown size={14} aria-hidden />}
          </button>
        </Popover.Target>
        <Popover.Dropdown p={6} aria-label={label}>
          <ChoiceList label={label} choices={choices} chosen={value} onPick={pick} none={none} />
        </Popover.Dropdown>
      </Popover>
      {value !== undefined && (
        <button type="button" className={classes.off} aria-label={`${t('action.clear')}: ${label}`} onClick={() => onChange(undefined)}>
          <IconX size={14} aria-hidden />
        </button>
      )}
    </span>
  );
}

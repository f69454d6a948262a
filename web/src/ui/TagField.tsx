import { useQuery } from '@tanstack/react-query';
import { IconX } from '@tabler/icons-react';
import { useId, useRef, useState, type KeyboardEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { tagsQuery } from '../api/contacts';
import classes from './TagField.module.css';

export const TAG_CHARS_MAX = 60;
const OFFERED_MAX = 6;

interface Props { label: string; value: string[]; onChange: (tags: string[]) => void; autoFocus?: boolean; onEscape?: () => void; hideLabel?: boolean; offers?: readonly string[] }

/** Tags as chips: Enter or comma adds, Backspace in the empty field removes the last; known ones (`offers`, else those of contacts) are offered. */
export function TagField({ label, value, onChange, autoFocus, onEscape, hideLabel, offers }: Props) {
  const { t } = useTranslation();
  const { data } = useQuery({ ...tagsQuery, enabled: !offers });
  const [text, setText] = useState('');
  const [active, setActive] = useState(-1);
  const [focused, setFocused] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  const id = useId();
  const wanted = text.trim().toLocaleLowerCase();
  const offered = (offers ?? data?.items.map((row) => row.tag) ?? []).filter((tag) => !value.includes(tag) && tag.toLocaleLowerCase().includes(wanted)).slice(0, OFFERED_MAX);
  const open = focused && offered.length > 0;
  const add = (tag: string): void => {
    const clean = tag.trim();
    if (clean !== '' && !value.includes(clean)) onChange([...value, clean]);
    setText('');
    setActive(-1);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) setActive((at) => Math.min(offered.length - 1, Math.max(-1, at + step)));
    else if (event.key === ',' || (event.key === 'Enter' && (text.trim() !== '' || active >= 0))) add(active >= 0 ? (offered[active] ?? text) : text);
    else if (event.key === 'Backspace' && text === '') onChange(value.slice(0, -1));
    else if (event.key === 'Escape' && onEscape) onEscape();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div className={classes.tagField}>
      <label htmlFor={id} className={hideLabel ? 'visually-hidden' : classes.label}>{label}</label>
      <div className={classes.tagBox}>
        {value.map((tag) => (
          <span key={tag} className={classes.tagChip}>
            <bdi>{tag}</bdi>
            <button type="button" aria-label={t('common:tags.remove', { tag })} onClick={() => onChange(value.filter((other) => other !== tag))}><IconX size={13} aria-hidden /></button>
          </span>
        ))}
        <input
          ref={field}
          id={id}
          value={text}
          maxLength={TAG_CHARS_MAX}
          autoFocus={autoFocus}
          role="combobox"
          aria-expanded={open}
          aria-controls={`${id}-list`}
          aria-autocomplete="list"
          aria-activedescendant={active >= 0 ? `${id}-${active}` : undefined}
          placeholder={value.length === 0 ? t('common:tags.add') : ''}
          onChange={(event) => {
            setText(event.currentTarget.value);
            setActive(-1);
          }}
          onFocus={() => setFocused(true)}
          onBlur={() => {
            setFocused(false);
            add(text);
          }}
          onKeyDown={onKeyDown}
        />
      </div>
      <div id={`${id}-list`} role="listbox" aria-label={label} className={classes.tagList} hidden={!open}>
        {offered.map((tag, at) => (
          <div key={tag} id={`${id}-${at}`} role="option" aria-selected={at === active} tabIndex={-1} className={classes.tagOption} data-active={at === active || undefined} onMouseDown={(event) => {
            event.preventDefault();
            add(tag);
          }}>
            <bdi>{tag}</bdi>
          </div>
        ))}
      </div>
    </div>
  );
}

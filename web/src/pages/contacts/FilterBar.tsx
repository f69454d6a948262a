import { CloseButton, TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { IconSearch } from '@tabler/icons-react';
import { useEffect, useState, type RefObject } from 'react';
import { useTranslation } from 'react-i18next';
import { segmentNamesQuery, tagsQuery } from '../../api/contacts';
import { ChannelIcon } from '../../ui/ChannelIcon';
import { ChoicePopover, type Choice } from '../../ui/ChoicePopover';
import classes from './contacts.module.css';
import { isFiltered, type ContactsSearch, type FilterName } from './contactsSearch';
import { languageName, numberWords } from './words';

const SEARCH_MS = 250;
export const CHANNELS = ['sms', 'whatsapp', 'rcs', 'voice'] as const;
export const CONSENT_STATES = ['opted_in', 'opted_out', 'none'] as const;
/** Languages offered; others are found by the API all the same when they stand in the address. */
export const LANGUAGES = ['ar', 'bn', 'de', 'en', 'es', 'fr', 'gu', 'hi', 'it', 'ja', 'kn', 'ko', 'ml', 'mr', 'nl', 'pa', 'pl', 'pt', 'ru', 'sv', 'ta', 'te', 'th', 'tr', 'uk', 'ur', 'vi', 'zh'];

export type Change = (change: Partial<ContactsSearch>) => void;

function SearchField({ q, onChange, field }: { q: string; onChange: Change; field: RefObject<HTMLInputElement | null> }) {
  const { t } = useTranslation('contacts');
  const [text, setText] = useState(q);
  const go = useDebouncedCallback((next: string) => onChange({ q: next || undefined }), SEARCH_MS);
  useEffect(() => setText(q), [q]);
  const change = (next: string): void => {
    setText(next);
    go(next.trim());
  };
  return (
    <TextInput
      ref={field}
      className={classes.search}
      aria-label={t('filter.search')}
      placeholder={t('filter.search')}
      leftSection={<IconSearch size={16} aria-hidden />}
      rightSection={text && <CloseButton size={24} aria-label={t('common:action.clear')} onClick={() => change('')} />}
      value={text}
      onChange={(event) => change(event.currentTarget.value)}
      onKeyDown={(event) => {
        if (event.key === 'Escape') event.currentTarget.blur();
      }}
    />
  );
}

/** Choices of each filter; tags and segments are asked for. */
export function useFilterChoices(): Record<FilterName, Choice[]> {
  const { t } = useTranslation('contacts');
  const { data: tags } = useQuery(tagsQuery);
  const { data: segments } = useQuery({ ...segmentNamesQuery, retry: false });
  const channelName = (kind: string): string => t(`common:channel.${kind}`, kind);
  return {
    segment: (segments?.items ?? []).map(({ id, name }) => ({ value: id, label: name })),
    tag: (tags?.items ?? []).map(({ tag, contacts }) => ({ value: tag, label: tag, hint: numberWords(contacts) })),
    channel: CHANNELS.map((kind) => ({ value: kind, label: channelName(kind), icon: <ChannelIcon kind={kind} size={16} /> })),
    consent: CONSENT_STATES.map((state) => ({ value: state, label: t(`consent.${state}`) })),
    language: LANGUAGES.map((code) => ({ value: code, label: languageName(code) })).toSorted((a, b) => a.label.localeCompare(b.label)),
  };
}

interface BarProps { search: ContactsSearch; onChange: Change; field: RefObject<HTMLInputElement | null> }

export function Filters({ search, onChange, field }: BarProps) {
  const { t } = useTranslation('contacts');
  const choices = useFilterChoices();
  const names = (['segment', 'tag', 'channel', 'consent', 'language'] as const).filter((name) => name !== 'segment' || choices.segment.length > 0 || search.segment);
  return (
    <>
      <SearchField q={search.q ?? ''} onChange={onChange} field={field} />
      {names.map((name) => (
        <ChoicePopover key={name} label={t(`filter.${name}`)} choices={choices[name]} value={search[name]} onChange={(value) => onChange({ [name]: value })} none={t('filter.none')} />
      ))}
      {isFiltered(search) && (
        <button type="button" className={classes.quiet} onClick={() => onChange({ q: undefined, segment: undefined, tag: undefined, channel: undefined, consent: undefined, language: undefined })}>{t('filter.clear')}</button>
      )}
    </>
  );
}

/** The filters as a sentence: for the page that finds nothing, and for what a bulk change is about to touch. */
export function useFilterWords(search: ContactsSearch): string {
  const { t } = useTranslation('contacts');
  const choices = useFilterChoices();
  const labelOf = (name: FilterName, value: string): string => choices[name].find((choice) => choice.value === value)?.label ?? value;
  const parts = (['segment', 'tag', 'channel', 'consent', 'language'] as const).flatMap((name) => {
    const value = search[name];
    return value === undefined ? [] : [t(`words.${name}`, { value: labelOf(name, value) })];
  });
  const all = [...(search.q ? [t('words.search', { value: search.q })] : []), ...parts];
  return new Intl.ListFormat(document.documentElement.lang || 'en', { type: 'conjunction' }).format(all);
}

import { Button, CloseButton, Modal, NativeSelect, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useInfiniteQuery } from '@tanstack/react-query';
import { IconSearch } from '@tabler/icons-react';
import { useNavigate } from '@tanstack/react-router';
import { useEffect, useId, useRef, useState, type KeyboardEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { searchQuery, type FoundMessage, type SearchFilter } from '../../api/search';
import { ChannelIcon } from '../../ui/ChannelIcon';
import { EmptyState } from '../../ui/EmptyState';
import { ProblemAlert } from '../../ui/ProblemAlert';
import { When } from '../../ui/When';
import { pieces } from './marked';
import classes from './search.module.css';

const WAIT_MS = 250;
const CHANNELS = ['sms', 'whatsapp', 'rcs', 'voice'] as const;
const DAYS = [1, 7, 30, 365] as const;

function Hit({ row, id, active, onOpen }: { row: FoundMessage; id: string; active: boolean; onOpen: () => void }) {
  const { t } = useTranslation('inbox');
  const item = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (active) item.current?.scrollIntoView({ block: 'nearest' });
  }, [active]);
  return (
    <div ref={item} id={id} role="option" tabIndex={-1} aria-selected={active} className={classes.hit} onMouseDown={(event) => {
      event.preventDefault();
      onOpen();
    }}>
      <span className={classes.hitHead}>
        <ChannelIcon kind={row.channel_kind} />
        <strong><bdi>{row.contact_name || row.address}</bdi></strong>
        <small>{t(row.call_id ? (row.direction === 'in' ? 'search.said' : 'search.heard') : row.direction === 'in' ? 'search.wrote' : 'search.got')}</small>
        <span className={classes.when}><When at={row.at} /></span>
      </span>
      <span dir="auto" className={classes.excerpt}>
        {pieces(row.excerpt, row.marks).map((piece, at) => (piece.marked ? <mark key={at}>{piece.text}</mark> : <span key={at}>{piece.text}</span>))}
      </span>
    </div>
  );
}

function Filters({ value, onChange }: { value: SearchFilter; onChange: (value: SearchFilter) => void }) {
  const { t } = useTranslation('inbox');
  return (
    <div className={classes.filters}>
      <NativeSelect size="xs" aria-label={t('search.channel')} value={value.channel ?? ''} data={[{ value: '', label: t('search.anyChannel') }, ...CHANNELS.map((kind) => ({ value: kind, label: t(`common:channel.${kind}`) }))]} onChange={(event) => onChange({ ...value, channel: (event.currentTarget.value || undefined) as SearchFilter['channel'] })} />
      <NativeSelect size="xs" aria-label={t('search.direction')} value={value.direction ?? ''} data={[{ value: '', label: t('search.anyDirection') }, { value: 'in', label: t('search.in') }, { value: 'out', label: t('search.out') }]} onChange={(event) => onChange({ ...value, direction: (event.currentTarget.value || undefined) as SearchFilter['direction'] })} />
      <NativeSelect size="xs" aria-label={t('search.time')} value={String(value.days ?? '')} data={[{ value: '', label: t('search.anyTime') }, ...DAYS.map((days) => ({ value: String(days), label: t('search.days', { count: days }) }))]} onChange={(event) => onChange({ ...value, days: Number(event.currentTarget.value) || undefined })} />
    </div>
  );
}

/** Words in the messages of all conversations: arrows move, Enter opens the conversation at the message. */
export function MessageSearch({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation('inbox');
  const navigate = useNavigate();
  const id = useId();
  const [text, setText] = useState('');
  const [filter, setFilter] = useState<SearchFilter>({});
  const [active, setActive] = useState(0);
  const [q] = useDebouncedValue(text.trim(), WAIT_MS);
  const query = useInfiniteQuery({ ...searchQuery(q, filter), enabled: q !== '', placeholderData: (before) => before });
  const rows = q === '' ? [] : (query.data?.pages.flatMap((page) => page.items) ?? []);
  const at = Math.min(active, Math.max(0, rows.length - 1));
  const open = (row: FoundMessage): void => {
    onClose();
    void navigate({ to: '/inbox/$view/$conversation', params: { view: 'all', conversation: row.conversation_id }, search: row.call_id ? {} : { m: row.message_id } });
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const row = rows[at];
    if (event.nativeEvent.isComposing || !row) return;
    if (step) {
      setActive(Math.min(rows.length - 1, Math.max(0, at + step)));
      if (at + step >= rows.length - 1 && query.hasNextPage && !query.isFetchingNextPage) void query.fetchNextPage();
    } else if (event.key === 'Enter') open(row);
    else return;
    event.preventDefault();
  };
  const none = q !== '' && query.data && rows.length === 0;
  return (
    <Modal opened onClose={onClose} size="lg" title={t('search.title')} closeButtonProps={{ 'aria-label': t('common:action.close') }}>
      <div className={classes.search}>
        <TextInput data-autofocus role="combobox" aria-expanded={rows.length > 0} aria-controls={id} aria-activedescendant={rows.length > 0 ? `${id}-${at}` : undefined} aria-label={t('search.field')} placeholder={t('search.field')} maxLength={200} leftSection={<IconSearch size={16} aria-hidden />} rightSection={text && <CloseButton size={24} aria-label={t('common:action.clear')} onClick={() => setText('')} />} value={text} onKeyDown={onKeyDown} onChange={(event) => {
          setText(event.currentTarget.value);
          setActive(0);
        }} />
        <Filters value={filter} onChange={(next) => {
          setFilter(next);
          setActive(0);
        }} />
        {q !== '' && query.isPending && <div aria-busy className={classes.waiting}>{[0, 1, 2].map((place) => <div key={place} className="skeleton" style={{ height: 46 }} />)}</div>}
        {query.isError && <ProblemAlert error={query.error} onRetry={() => void query.refetch()} />}
        {none && <EmptyState icon={IconSearch} title={t('search.none')} text={t('search.noneText')} />}
        {q === '' && <p className={classes.hint}>{t('search.hint')}</p>}
        <div id={id} role="listbox" aria-label={t('search.title')} className={classes.hits}>
          {rows.map((row, place) => <Hit key={row.message_id} row={row} id={`${id}-${place}`} active={place === at} onOpen={() => open(row)} />)}
        </div>
        {query.hasNextPage && rows.length > 0 && <Button size="xs" variant="subtle" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>{t('search.more')}</Button>}
      </div>
    </Modal>
  );
}

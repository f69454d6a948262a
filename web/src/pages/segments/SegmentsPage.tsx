import { ActionIcon, Button, CloseButton, Menu, SegmentedControl, Switch, TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { useInfiniteQuery } from '@tanstack/react-query';
import { IconArchive, IconChevronDown, IconDotsVertical, IconFilter, IconList, IconPlus, IconSearch, IconUsersGroup } from '@tabler/icons-react';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useRef, useState, type RefObject } from 'react';
import { useTranslation } from 'react-i18next';
import type { Segment } from '../../api/types';
import { can } from '../../api/permissions';
import { segmentsQuery } from '../../api/segments';
import { Denied } from '../../app/Fallbacks';
import { useKeys } from '../../app/keyboard';
import { useMe } from '../../app/session';
import { EmptyState } from '../../ui/EmptyState';
import { LinkButton } from '../../ui/LinkButton';
import { ProblemAlert } from '../../ui/ProblemAlert';
import { Status } from '../../ui/Status';
import { When } from '../../ui/When';
import { ArchiveDialog } from './Dialogs';
import { ListCount } from './ListCount';
import { ListUses } from './ListUses';
import { NewStatic } from './NewStatic';
import classes from './segments.module.css';
import type { SegmentsSearch } from './segmentsSearch';

const SEARCH_MS = 250;

function useFilters(): [SegmentsSearch, (change: Partial<SegmentsSearch>) => void] {
  const search = useSearch({ from: '/app/segments' });
  const navigate = useNavigate();
  const set = (change: Partial<SegmentsSearch>): void => {
    const next = { ...search, ...change };
    void navigate({ to: '/segments', search: Object.fromEntries(Object.entries(next).filter(([, value]) => value)), replace: true });
  };
  return [search, set];
}

function SearchField({ value, onChange, field }: { value: string; onChange: (text: string) => void; field: RefObject<HTMLInputElement | null> }) {
  const { t } = useTranslation('segments');
  const [text, setText] = useState(value);
  const go = useDebouncedCallback(onChange, SEARCH_MS);
  const change = (next: string): void => {
    setText(next);
    go(next.trim());
  };
  return (
    <TextInput
      ref={field}
      className={classes.search}
      aria-label={t('list.search')}
      placeholder={t('list.search')}
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

function NewMenu({ onStatic }: { onStatic: () => void }) {
  const { t } = useTranslation('segments');
  return (
    <Menu position="bottom-end" width={300}>
      <Menu.Target>
        <Button leftSection={<IconPlus size={16} aria-hidden />} rightSection={<IconChevronDown size={14} aria-hidden />}>{t('new.open')}</Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item component={Link} to="/segments/new" leftSection={<IconFilter size={16} aria-hidden />}>
          {t('new.dynamic')}<small className={classes.menuHint}>{t('new.dynamicHint')}</small>
        </Menu.Item>
        <Menu.Item leftSection={<IconList size={16} aria-hidden />} onClick={onStatic}>
          {t('new.static')}<small className={classes.menuHint}>{t('new.staticHint')}</small>
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

function RowMenu({ row, onArchive }: { row: Segment; onArchive: () => void }) {
  const { t } = useTranslation('segments');
  return (
    <Menu position="bottom-end" width={200}>
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" size={28} aria-label={t('list.more', { name: row.name })}><IconDotsVertical size={16} aria-hidden /></ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item leftSection={<IconArchive size={16} aria-hidden />} onClick={onArchive}>{t('archive.open')}</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

function Row({ row, writable, onArchive }: { row: Segment; writable: boolean; onArchive: () => void }) {
  const { t } = useTranslation('segments');
  return (
    <tr>
      <td>
        <Link to="/segments/$segmentId" params={{ segmentId: row.id }} className={classes.rowLink}><bdi>{row.name}</bdi></Link>
        {row.description && <span className={classes.rowText}>{row.description}</span>}
      </td>
      <td>
        <Status tone={row.kind === 'dynamic' ? 'info' : 'neutral'} icon={row.kind === 'dynamic' ? <IconFilter size={13} aria-hidden /> : <IconList size={13} aria-hidden />}>{t(`kind.${row.kind}`)}</Status>
      </td>
      <td className={classes.number}><ListCount segment={row} /></td>
      <td className={classes.wide}><ListUses segmentId={row.id} /></td>
      <td className={classes.wide}><When at={row.updated_at} /></td>
      <td className={classes.rowEnd}>{writable && !row.archived_at && <RowMenu row={row} onArchive={onArchive} />}</td>
    </tr>
  );
}

function Table({ rows, writable, onArchive }: { rows: Segment[]; writable: boolean; onArchive: (row: Segment) => void }) {
  const { t } = useTranslation('segments');
  return (
    <table className={classes.table}>
      <thead>
        <tr>
          <th scope="col">{t('list.name')}</th>
          <th scope="col">{t('list.kind')}</th>
          <th scope="col" className={classes.number}>{t('list.contacts')}</th>
          <th scope="col" className={classes.wide}>{t('list.usedBy')}</th>
          <th scope="col" className={classes.wide}>{t('list.updated')}</th>
          <th scope="col" className={classes.rowEnd}><span className="visually-hidden">{t('list.actions')}</span></th>
        </tr>
      </thead>
      <tbody>{rows.map((row) => <Row key={row.id} row={row} writable={writable} onArchive={() => onArchive(row)} />)}</tbody>
    </table>
  );
}

function Nothing({ filtered, writable, onClear }: { filtered: boolean; writable: boolean; onClear: () => void }) {
  const { t } = useTranslation('segments');
  if (filtered) return <EmptyState icon={IconSearch} title={t('list.noHits')} text={t('list.noHitsText')} action={<Button variant="default" onClick={onClear}>{t('common:action.clear')}</Button>} />;
  return (
    <EmptyState icon={IconUsersGroup} title={t('list.none')} text={t('list.noneText')} action={writable && <LinkButton to="/segments/$segmentId" params={{ segmentId: 'new' }} leftSection={<IconPlus size={16} aria-hidden />}>{t('list.first')}</LinkButton>} />
  );
}

function Segments() {
  const { t } = useTranslation('segments');
  const me = useMe();
  const navigate = useNavigate();
  const writable = can(me, 'writeContacts');
  const [{ q = '', kind = '', archived = false }, set] = useFilters();
  const query = useInfiniteQuery(segmentsQuery({ search: q, kind, archived }));
  const rows = query.data?.pages.flatMap((page) => page.items) ?? [];
  const [archiving, setArchiving] = useState<Segment | null>(null);
  const [adding, setAdding] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  useKeys(t('title'), [
    { keys: '/', label: t('list.search'), run: () => field.current?.focus() },
    ...(writable ? [{ keys: 'n', label: t('list.first'), run: () => void navigate({ to: '/segments/$segmentId', params: { segmentId: 'new' } }) }] : []),
  ]);
  return (
    <div className={classes.page}>
      <div className={classes.head}>
        <div className={classes.headTitle}><h1>{t('title')}</h1></div>
        {writable && <NewMenu onStatic={() => setAdding(true)} />}
      </div>
      <div className={classes.filters}>
        <SearchField value={q} onChange={(next) => set({ q: next })} field={field} />
        <SegmentedControl
          size="xs"
          aria-label={t('list.kind')}
          value={kind}
          onChange={(value) => set({ kind: value as SegmentsSearch['kind'] })}
          data={[{ value: '', label: t('list.every') }, { value: 'dynamic', label: t('kind.dynamic') }, { value: 'static', label: t('kind.static') }]}
        />
        <Switch size="md" label={t('list.archived')} checked={archived} onChange={(event) => set({ archived: event.currentTarget.checked })} />
      </div>
      <div className={`surface ${classes.list}`}>
        {query.isPending && <div aria-busy className={classes.pad}>{Array.from({ length: 5 }, (_, at) => <div key={at} className={`skeleton ${classes.rowSkeleton}`} />)}</div>}
        {query.isError && !query.data && <div className={classes.pad}><ProblemAlert error={query.error} onRetry={() => void query.refetch()} /></div>}
        {query.data && rows.length === 0 && <Nothing filtered={q !== '' || kind !== '' || archived} writable={writable} onClear={() => set({ q: '', kind: '', archived: false })} />}
        {rows.length > 0 && <Table rows={rows} writable={writable} onArchive={setArchiving} />}
      </div>
      {query.hasNextPage && <Button variant="default" className={classes.loadMore} loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>{t('list.older')}</Button>}
      {archiving && <ArchiveDialog segment={archiving} onClose={() => setArchiving(null)} onDone={() => setArchiving(null)} />}
      {adding && <NewStatic onClose={() => setAdding(false)} />}
    </div>
  );
}

/** All segments: what they are, how many people, what uses them. */
export function SegmentsPage() {
  const me = useMe();
  return can(me, 'readContacts') ? <Segments /> : <Denied />;
}

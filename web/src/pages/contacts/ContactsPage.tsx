import { Button, Menu } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { IconArrowUp, IconDownload, IconFilterOff, IconPlus, IconUpload, IconUsers } from '@tabler/icons-react';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { attributesQuery, type ListQuery } from '../../api/contacts';
import type { Contact } from '../../api/contactTypes';
import { can } from '../../api/permissions';
import { Denied } from '../../app/Fallbacks';
import { useKeys } from '../../app/keyboard';
import { useMe } from '../../app/session';
import { DataTable, type TableHandle } from '../../ui/DataTable';
import { EmptyState } from '../../ui/EmptyState';
import { ProblemAlert } from '../../ui/ProblemAlert';
import { useRowHeight } from '../../ui/useRowHeight';
import { AddContact } from './AddContact';
import { BulkTagDialog, type BulkJob } from './BulkTagDialog';
import { ColumnsMenu } from './ColumnsMenu';
import { allColumns, chosenColumns } from './columns';
import classes from './contacts.module.css';
import { ContactsNav } from './ContactsNav';
import { contactsSearch, filterOf, isFiltered, SORT_DEFAULT, type ContactsSearch } from './contactsSearch';
import { exportUrl } from './exportUrl';
import { Filters, useFilterWords } from './FilterBar';
import { MergeDialog } from './MergeDialog';
import { isEmpty, isPicked, NOTHING, pickAll, toggle, type Selection } from './selection';
import { SelectionBar } from './SelectionBar';
import { useRows, type Rows } from './useRows';
import { ViewsMenu } from './ViewsMenu';
import { numberWords, titleOf } from './words';

const ROW_PX = 40;
const COMPACT_PX = 32;

type Dialog = { kind: 'add' } | { kind: 'bulk'; job: BulkJob } | { kind: 'merge'; ids: string[] } | null;

function useSelection(rows: Rows, key: string) {
  const [selection, setSelection] = useState<Selection>(NOTHING);
  useEffect(() => setSelection(NOTHING), [key]);
  const { t } = useTranslation('contacts');
  const idAt = (index: number): string | undefined => rows.rowAt(index)?.id;
  const latest = useRef(idAt);
  useEffect(() => {
    latest.current = idAt;
  });
  const flip = useCallback((index: number, range: boolean) => setSelection((old) => toggle(old, index, range, (at) => latest.current(at))), []);
  const shown = rows.loaded.map((row) => row.id).join(' ');
  const picking = useMemo(() => {
    const ids = shown === '' ? [] : shown.split(' ');
    const chosen = selection.kind === 'all' ? Infinity : selection.ids.size;
    const every = selection.kind === 'all' || (ids.length > 0 && ids.every((id) => selection.ids.has(id)));
    return {
      has: (id: string) => isPicked(selection, id),
      toggle: flip,
      all: every ? true : chosen > 0 ? ('some' as const) : false,
      toggleAll: () => setSelection(every ? NOTHING : pickAll(ids)),
      labelAll: t('selection.page'),
      label: (name: string) => t('selection.row', { name }),
    };
  }, [selection, shown, flip, t]);
  return { selection, setSelection, picking };
}

function Actions({ search, onAdd }: { search: ContactsSearch; onAdd: () => void }) {
  const { t } = useTranslation('contacts');
  const me = useMe();
  const navigate = useNavigate();
  return (
    <>
      {can(me, 'importContacts') && <Button variant="default" leftSection={<IconUpload size={16} aria-hidden />} onClick={() => void navigate({ href: '/imports' })}>{t('action.import')}</Button>}
      {can(me, 'exportContacts') && (
        <Menu position="bottom-end" width={240}>
          <Menu.Target><Button variant="default" leftSection={<IconDownload size={16} aria-hidden />}>{t('action.export')}</Button></Menu.Target>
          <Menu.Dropdown>
            <Menu.Label>{t(isFiltered(search) ? 'export.filtered' : 'export.all')}</Menu.Label>
            {(['csv', 'xlsx', 'jsonl'] as const).map((format) => <Menu.Item key={format} component="a" href={exportUrl(search, format)} download>{t(`export.${format}`)}</Menu.Item>)}
          </Menu.Dropdown>
        </Menu>
      )}
      {can(me, 'writeContacts') && <Button leftSection={<IconPlus size={16} aria-hidden />} title={t('add.key')} onClick={onAdd}>{t('action.add')}</Button>}
    </>
  );
}

function Nothing({ search, onClear, onAdd }: { search: ContactsSearch; onClear: () => void; onAdd: () => void }) {
  const { t } = useTranslation('contacts');
  const me = useMe();
  const navigate = useNavigate();
  const words = useFilterWords(search);
  if (isFiltered(search)) {
    return <EmptyState icon={IconFilterOff} title={t('empty.filtered')} text={t('empty.filteredText', { words })} action={<Button variant="default" onClick={onClear}>{t('filter.clear')}</Button>} />;
  }
  return (
    <EmptyState
      icon={IconUsers}
      title={t('empty.first')}
      text={t('empty.firstText')}
      action={(
        <span className={classes.emptyActions}>
          {can(me, 'importContacts') && <Button onClick={() => void navigate({ href: '/imports' })}>{t('empty.import')}</Button>}
          {can(me, 'writeContacts') && <Button variant="default" onClick={onAdd}>{t('action.add')}</Button>}
        </span>
      )}
    />
  );
}

function useContactsSearch() {
  const navigate = useNavigate();
  const search = useSearch({ from: '/app/contacts' });
  const change = useCallback((part: Partial<ContactsSearch>) => {
    void navigate({ to: '/contacts', search: contactsSearch({ ...search, ...part }), replace: true });
  }, [navigate, search]);
  const open = (next: ContactsSearch): void => void navigate({ to: '/contacts', search: next });
  return { search, change, open };
}

function useTableKeys(keys: { step: (by: number) => void; open: (edit: boolean) => void; pick: () => void; tag: () => void; merge: () => void; add: () => void; find: () => void; leave: () => void }, mayWrite: boolean): void {
  const { t } = useTranslation('contacts');
  useKeys(t('keys.table'), [
    { keys: 'j', label: t('keys.down'), run: () => keys.step(1) },
    { keys: 'k', label: t('keys.up'), run: () => keys.step(-1) },
    { keys: 'Enter', label: t('keys.open'), run: () => keys.open(false) },
    { keys: '/', label: t('keys.search'), run: keys.find },
    ...(mayWrite
      ? [
          { keys: 'x', label: t('keys.pick'), run: keys.pick },
          { keys: 'e', label: t('keys.edit'), run: () => keys.open(true) },
          { keys: 't', label: t('keys.tag'), run: keys.tag },
          { keys: 'm', label: t('keys.merge'), run: keys.merge },
          { keys: 'n', label: t('keys.add'), run: keys.add },
        ]
      : []),
    { keys: 'Esc', label: t('keys.clear'), run: keys.leave },
  ]);
}

function Contacts() {
  const { t } = useTranslation('contacts');
  const me = useMe();
  const navigate = useNavigate();
  const mayWrite = can(me, 'writeContacts');
  const { search, change, open } = useContactsSearch();
  const sort = search.sort ?? SORT_DEFAULT;
  const key = JSON.stringify({ ...filterOf(search), sort });
  const query = useMemo(() => JSON.parse(key) as ListQuery, [key]);
  const rows = useRows(query);
  const { data: attributes } = useQuery({ ...attributesQuery, retry: false });
  const all = useMemo(() => allColumns({ t, zone: me.tenant.time_zone }, attributes?.items ?? []), [t, me.tenant.time_zone, attributes]);
  const columns = useMemo(() => chosenColumns(all, search.cols), [all, search.cols]);
  const { selection, setSelection, picking } = useSelection(rows, key);
  const [cursor, setCursor] = useState(-1);
  const [dialog, setDialog] = useState<Dialog>(null);
  const table = useRef<TableHandle>(null);
  const field = useRef<HTMLInputElement>(null);
  const rowPx = useRowHeight(ROW_PX, COMPACT_PX);
  const words = useFilterWords(search);
  const count = rows.count ?? 0;
  useEffect(() => setCursor(-1), [key]);
  useEffect(() => {
    if (cursor >= 0) table.current?.reveal(cursor);
  }, [cursor]);
  const goTo = useCallback((row: Contact) => void navigate({ to: '/contacts/$contactId', params: { contactId: row.id } }), [navigate]);
  const target = (): string[] => {
    if (selection.kind === 'some' && selection.ids.size > 0) return [...selection.ids];
    const row = rows.rowAt(cursor);
    return row ? [row.id] : [];
  };
  const tag = (kind: 'add' | 'remove'): void => {
    if (selection.kind === 'all') setDialog({ kind: 'bulk', job: { kind, target: { filter: filterOf(search) }, chosen: count, where: words } });
    else if (target().length > 0) setDialog({ kind: 'bulk', job: { kind, target: { contact_ids: target() }, chosen: target().length, where: '' } });
  };
  const merge = (): void => {
    const ids = target();
    if (ids.length === 1 || ids.length === 2) setDialog({ kind: 'merge', ids });
  };
  useTableKeys({
    step: (by) => setCursor((old) => Math.min(count - 1, Math.max(0, old + by))),
    open: (edit) => {
      const row = rows.rowAt(cursor);
      if (row) void navigate({ to: '/contacts/$contactId', params: { contactId: row.id }, search: edit ? { edit: true } : {} });
    },
    pick: () => picking.toggle(cursor, false),
    tag: () => tag('add'),
    merge,
    add: () => setDialog({ kind: 'add' }),
    find: () => field.current?.focus(),
    leave: () => setSelection(NOTHING),
  }, mayWrite);
  const close = (): void => setDialog(null);
  const clear = (): void => change({ q: undefined, tag: undefined, segment: undefined, channel: undefined, consent: undefined, language: undefined });
  return (
    <div className={classes.page}>
      <ContactsNav><Actions search={search} onAdd={() => setDialog({ kind: 'add' })} /></ContactsNav>
      <div className={classes.bar}>
        {isEmpty(selection) ? (
          <>
            <div className={classes.title}>
              <h1 className="visually-hidden">{t('title')}</h1>
              <ViewsMenu search={search} onOpen={open} mayShare={mayWrite} />
              <span className={classes.count} role="status" data-testid="contact-count">{rows.count === undefined ? '' : numberWords(rows.count)}<span className="visually-hidden"> {t('title')}</span></span>
            </div>
            <Filters search={search} onChange={change} field={field} />
            <span className={classes.barEnd}><ColumnsMenu all={all} chosen={columns} onChange={(cols) => change({ cols })} /></span>
          </>
        ) : (
          <SelectionBar selection={selection} count={count} onAll={() => setSelection({ kind: 'all' })} onClear={() => setSelection(NOTHING)} onTag={tag} onMerge={merge} />
        )}
      </div>
      <div className={classes.tableFrame} data-stale={rows.stale || undefined}>
        {rows.news > 0 && <button type="button" className={classes.news} onClick={rows.release}><IconArrowUp size={14} aria-hidden />{t('empty.new', { count: rows.news })}</button>}
        {rows.error !== null && <div className={classes.pad}><ProblemAlert error={rows.error} onRetry={rows.retry} /></div>}
        {rows.count === 0 && <Nothing search={search} onClear={clear} onAdd={() => setDialog({ kind: 'add' })} />}
        {rows.count === undefined && rows.error === null && <TableSkeleton px={rowPx} />}
        {count > 0 && (
          <DataTable key={key} handle={table} label={t('title')} columns={columns} count={count} rowAt={rows.rowAt} idOf={(row) => row.id} nameOf={titleOf} rowPx={rowPx} cursor={cursor}
            picking={mayWrite ? picking : undefined} sort={sort} onSort={(next) => change({ sort: next === SORT_DEFAULT ? undefined : next })} onRange={rows.onRange} onNear={rows.onNear} onOpen={goTo} />
        )}
      </div>
      {dialog?.kind === 'add' && <AddContact onClose={close} onAdded={rows.release} />}
      {dialog?.kind === 'bulk' && <BulkTagDialog job={dialog.job} onClose={close} onDone={() => {
        close();
        setSelection(NOTHING);
      }} />}
      {dialog?.kind === 'merge' && <MergeDialog winnerId={dialog.ids[0] ?? ''} loserId={dialog.ids[1]} onClose={close} onDone={() => setSelection(NOTHING)} />}
    </div>
  );
}

function TableSkeleton({ px }: { px: number }) {
  return (
    <div aria-busy className={classes.skeletons}>
      {Array.from({ length: 14 }, (_, at) => (
        <div key={at} className={classes.skeletonRow} style={{ height: px }}>
          <div className="skeleton" style={{ width: 24, height: 24, borderRadius: '50%' }} />
          <div className="skeleton" style={{ width: `${14 + ((at * 5) % 9)}%`, height: 10 }} />
          <div className="skeleton" style={{ width: '11%', height: 10 }} />
          <div className="skeleton" style={{ width: `${8 + ((at * 7) % 12)}%`, height: 10 }} />
        </div>
      ))}
    </div>
  );
}

export function ContactsPage() {
  const me = useMe();
  return can(me, 'readContacts') ? <Contacts /> : <Denied />;
}

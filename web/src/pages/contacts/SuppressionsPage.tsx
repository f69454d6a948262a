import { Button, CloseButton, Modal, NativeSelect, TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { keepPreviousData, useInfiniteQuery, useQueryClient } from '@tanstack/react-query';
import { IconBan, IconPlus, IconSearch, IconTrash } from '@tabler/icons-react';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useEffect, useRef, useState, type FormEvent, type RefObject } from 'react';
import { useTranslation } from 'react-i18next';
import { addSuppression, removeSuppression, suppressionsPage } from '../../api/contacts';
import type { Suppression } from '../../api/contactTypes';
import { keys } from '../../api/keys';
import { can } from '../../api/permissions';
import { Denied } from '../../app/Fallbacks';
import { useKeys } from '../../app/keyboard';
import { useMe } from '../../app/session';
import { EmptyState } from '../../ui/EmptyState';
import { ProblemAlert } from '../../ui/ProblemAlert';
import { toastProblem, toastUndo } from '../../ui/toast';
import { When } from '../../ui/When';
import classes from './admin.module.css';
import { ContactsNav } from './ContactsNav';
import form from './contacts.module.css';
import { ADDRESS_KINDS } from './profile/Addresses';

const SEARCH_MS = 250;

function AddDialog({ onClose, onDone }: { onClose: () => void; onDone: () => void }) {
  const { t } = useTranslation('contacts');
  const [kind, setKind] = useState('phone');
  const [address, setAddress] = useState('');
  const [reason, setReason] = useState('');
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const save = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    try {
      await addSuppression(kind, address.trim(), reason.trim());
      onDone();
      onClose();
    } catch (problem) {
      setError(problem);
      setBusy(false);
    }
  };
  return (
    <Modal opened onClose={onClose} title={t('suppression.add')} closeButtonProps={{ 'aria-label': t('common:action.close') }}>
      <form className={form.form} onSubmit={(event) => void save(event)}>
        <NativeSelect label={t('address.kind')} value={kind} onChange={(event) => setKind(event.currentTarget.value)} data={ADDRESS_KINDS.map((value) => ({ value, label: t(`address.${value}`) }))} />
        <TextInput data-autofocus label={t('address.address')} placeholder={t(kind === 'sip' ? 'address.sipHint' : 'address.numberHint')} dir="ltr" value={address} onChange={(event) => setAddress(event.currentTarget.value)} />
        <TextInput label={t('suppression.reason')} description={t('suppression.reasonHint')} value={reason} maxLength={200} dir="auto" onChange={(event) => setReason(event.currentTarget.value)} />
        {error !== null && <ProblemAlert error={error} />}
        <div className={form.formActions}>
          <Button variant="default" onClick={onClose}>{t('action.cancel')}</Button>
          <Button type="submit" loading={busy} disabled={address.trim() === '' || reason.trim() === ''}>{t('suppression.save')}</Button>
        </div>
      </form>
    </Modal>
  );
}

function SearchField({ q, field }: { q: string; field: RefObject<HTMLInputElement | null> }) {
  const { t } = useTranslation('contacts');
  const navigate = useNavigate();
  const [text, setText] = useState(q);
  const go = useDebouncedCallback((next: string) => void navigate({ to: '/suppressions', search: next ? { q: next } : {}, replace: true }), SEARCH_MS);
  useEffect(() => setText(q), [q]);
  const change = (next: string): void => {
    setText(next);
    go(next.trim());
  };
  return (
    <TextInput ref={field} className={classes.search} aria-label={t('suppression.search')} placeholder={t('suppression.search')} leftSection={<IconSearch size={16} aria-hidden />}
      rightSection={text && <CloseButton size={24} aria-label={t('common:action.clear')} onClick={() => change('')} />} value={text} onChange={(event) => change(event.currentTarget.value)}
      onKeyDown={(event) => {
        if (event.key === 'Escape') event.currentTarget.blur();
      }} />
  );
}

function Row({ row, mayWrite, onRemove }: { row: Suppression; mayWrite: boolean; onRemove: (row: Suppression) => void }) {
  const { t } = useTranslation('contacts');
  return (
    <tr>
      <th scope="row"><span dir="ltr">{row.address}</span></th>
      <td>{t(`address.${row.kind}`, row.kind)}</td>
      <td className={classes.choices} dir="auto">{t(`suppressed.${row.reason}`, row.reason)}</td>
      <td><When at={row.created_at} /></td>
      <td className={classes.tools}>{mayWrite && <button type="button" className={classes.icon} aria-label={t('suppression.remove', { address: row.address })} onClick={() => onRemove(row)}><IconTrash size={16} aria-hidden /></button>}</td>
    </tr>
  );
}

function useList(q: string) {
  return useInfiniteQuery({
    queryKey: keys.suppressions(q),
    initialPageParam: null as string | null,
    queryFn: ({ pageParam, signal }) => suppressionsPage(q, pageParam, signal),
    getNextPageParam: (page) => (page.has_more ? page.items.at(-1)?.id : undefined),
    placeholderData: keepPreviousData,
  });
}

function List() {
  const { t } = useTranslation('contacts');
  const me = useMe();
  const client = useQueryClient();
  const mayWrite = can(me, 'writeContacts');
  const { q = '' } = useSearch({ from: '/app/suppressions' });
  const query = useList(q);
  const [adding, setAdding] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  const rows = query.data?.pages.flatMap((page) => page.items) ?? [];
  const again = (): void => void client.invalidateQueries({ queryKey: ['contacts', 'suppressions'] });
  const remove = async (row: Suppression): Promise<void> => {
    try {
      await removeSuppression(row);
      again();
      toastUndo(t('suppression.removed', { address: row.address }), () => void addSuppression(row.kind, row.address, row.reason).then(again, (error: unknown) => toastProblem(t, t('suppression.failed'), error)));
    } catch (error) {
      toastProblem(t, t('suppression.failed'), error);
    }
  };
  const button = mayWrite && <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={() => setAdding(true)}>{t('suppression.add')}</Button>;
  useKeys(t('suppression.title'), [
    { keys: '/', label: t('keys.search'), run: () => field.current?.focus() },
    ...(mayWrite ? [{ keys: 'n', label: t('suppression.add'), run: () => setAdding(true) }] : []),
  ]);
  return (
    <div className={classes.page}>
      <ContactsNav>{button}</ContactsNav>
      <div className={classes.content}>
        <div className={classes.titleRow}>
          <div><h1 className={classes.title}>{t('suppression.title')}</h1><p className={classes.lead}>{t('suppression.lead')}</p></div>
          <SearchField q={q} field={field} />
        </div>
        {query.error && !query.data && <ProblemAlert error={query.error} onRetry={() => void query.refetch()} />}
        {query.isPending && <div className={classes.loading} aria-busy>{Array.from({ length: 6 }, (_, at) => <div key={at} className="skeleton" style={{ height: 14, width: `${40 + ((at * 13) % 40)}%` }} />)}</div>}
        {query.data && rows.length === 0 && <EmptyState icon={IconBan} title={t(q ? 'suppression.noHits' : 'suppression.none', { q })} text={t(q ? 'suppression.noHitsText' : 'suppression.noneText')} action={q ? undefined : button} />}
        {rows.length > 0 && (
          <div className={`surface ${classes.tableBox}`} data-stale={query.isPlaceholderData || undefined}>
            <table className={classes.table}>
              <thead><tr><th scope="col">{t('address.address')}</th><th scope="col">{t('address.kind')}</th><th scope="col">{t('suppression.reason')}</th><th scope="col">{t('suppression.since')}</th><th scope="col"><span className="visually-hidden">{t('attribute.actions')}</span></th></tr></thead>
              <tbody>{rows.map((row) => <Row key={`${row.kind} ${row.address}`} row={row} mayWrite={mayWrite} onRemove={(gone) => void remove(gone)} />)}</tbody>
            </table>
          </div>
        )}
        {query.hasNextPage && <Button variant="default" className={classes.more} loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>{t('suppression.more')}</Button>}
      </div>
      {adding && <AddDialog onClose={() => setAdding(false)} onDone={again} />}
    </div>
  );
}

export function SuppressionsPage() {
  const me = useMe();
  return can(me, 'readContacts') ? <List /> : <Denied />;
}

import { Button, CloseButton, TextInput } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { IconMessageBolt, IconPencil, IconPlus, IconSearch, IconTrash } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { keys } from '../../api/keys';
import { can } from '../../api/permissions';
import { createReply, deleteReply, repliesQuery, type SavedReply } from '../../api/replies';
import { Denied } from '../../app/Fallbacks';
import { useKeys } from '../../app/keyboard';
import { useMe } from '../../app/session';
import { EmptyState } from '../../ui/EmptyState';
import { ProblemAlert } from '../../ui/ProblemAlert';
import { Status } from '../../ui/Status';
import { toastProblem, toastUndo } from '../../ui/toast';
import { intentName } from '../../ui/words';
import classes from '../channels/channels.module.css';
import { ReplyDialog } from './ReplyDialog';
import { SettingsNav } from './SettingsNav';
import own from './settings.module.css';

/** Rows by folder, in the order in which they come. */
function folders(rows: SavedReply[]): [string, SavedReply[]][] {
  const found = new Map<string, SavedReply[]>();
  for (const row of rows) found.set(row.folder, [...(found.get(row.folder) ?? []), row]);
  return [...found];
}

function Row({ row, onEdit, onDelete }: { row: SavedReply; onEdit: () => void; onDelete: () => void }) {
  const { t } = useTranslation('settings');
  return (
    <li className={own.reply}>
      <div className={own.replyText}>
        <div className={own.replyHead}>
          <strong><bdi>{row.name}</bdi></strong>
          <code>{`/${row.shortcut}`}</code>
          {row.inherited && <Status tone="neutral" title={t('replies.inheritedHint')}>{t('replies.inherited')}</Status>}
          {row.intents.map((intent) => <Status key={intent} tone="info">{intentName(intent)}</Status>)}
        </div>
        <p className={own.replyBody} dir="auto">{row.body}</p>
      </div>
      {!row.inherited && (
        <span className={classes.tools}>
          <button type="button" className={classes.icon} aria-label={t('replies.edit', { name: row.name })} onClick={onEdit}><IconPencil size={16} aria-hidden /></button>
          <button type="button" className={classes.icon} aria-label={t('replies.delete', { name: row.name })} onClick={onDelete}><IconTrash size={16} aria-hidden /></button>
        </span>
      )}
    </li>
  );
}

function Replies() {
  const { t } = useTranslation('settings');
  const client = useQueryClient();
  const query = useQuery(repliesQuery);
  const [search, setSearch] = useState('');
  const [open, setOpen] = useState<SavedReply | 'new' | null>(null);
  const fresh = async (): Promise<void> => {
    await Promise.all([client.invalidateQueries({ queryKey: keys.replies }), client.invalidateQueries({ queryKey: keys.anySuggestions })]);
  };
  const remove = async (row: SavedReply): Promise<void> => {
    try {
      await deleteReply(row);
    } catch (error) {
      toastProblem(t, t('replies.notDeleted'), error);
      return;
    }
    await fresh();
    const { name, shortcut, folder, body, intents } = row;
    toastUndo(t('replies.deleted', { name }), () => void createReply({ name, shortcut, folder, body, intents }).then(fresh, (error: unknown) => toastProblem(t, t('replies.notSaved'), error)));
  };
  useKeys(t('replies.title'), [{ keys: 'n', label: t('replies.add'), run: () => setOpen('new') }]);
  const rows = query.data?.items ?? [];
  const wanted = search.trim().toLocaleLowerCase();
  const hits = rows.filter((row) => `${row.name} ${row.shortcut} ${row.body} ${row.folder}`.toLocaleLowerCase().includes(wanted));
  const button = <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={() => setOpen('new')}>{t('replies.add')}</Button>;
  return (
    <div className={classes.page}>
      <div className={classes.head}>
        <div><h1>{t('replies.title')}</h1><p className={classes.lead}>{t('replies.lead')}</p></div>
        {rows.length > 0 && button}
      </div>
      {query.isPending && <div aria-busy className={`surface ${classes.card}`}><div className="skeleton" style={{ width: 260, height: 18 }} /><div className="skeleton" style={{ height: 44 }} /><div className="skeleton" style={{ height: 44 }} /></div>}
      {query.isError && !query.data && <ProblemAlert error={query.error} onRetry={() => void query.refetch()} />}
      {query.data && rows.length === 0 && <div className="surface"><EmptyState icon={IconMessageBolt} title={t('replies.none')} text={t('replies.noneText')} action={button} /></div>}
      {rows.length > 0 && <TextInput className={own.search} aria-label={t('replies.search')} placeholder={t('replies.search')} leftSection={<IconSearch size={16} aria-hidden />} rightSection={search && <CloseButton size={24} aria-label={t('common:action.clear')} onClick={() => setSearch('')} />} value={search} onChange={(event) => setSearch(event.currentTarget.value)} />}
      {rows.length > 0 && hits.length === 0 && <p className={classes.quiet}>{t('replies.noMatch')}</p>}
      {folders(hits).map(([folder, list]) => (
        <section key={folder} className={`surface ${classes.card}`} aria-label={folder || t('replies.noFolder')}>
          {folder && <h2 className={classes.cardName}>{folder}</h2>}
          <ul className={own.replies}>{list.map((row) => <Row key={row.id} row={row} onEdit={() => setOpen(row)} onDelete={() => void remove(row)} />)}</ul>
        </section>
      ))}
      {open && <ReplyDialog row={open === 'new' ? undefined : open} folders={[...new Set(rows.map((row) => row.folder).filter(Boolean))]} onSaved={() => void fresh()} onClose={() => setOpen(null)} />}
    </div>
  );
}

/** What agents say often: kept here, offered in the composer. */
export function RepliesPage() {
  const me = useMe();
  if (!can(me, 'manageInbox')) return <Denied />;
  return <><SettingsNav /><Replies /></>;
}

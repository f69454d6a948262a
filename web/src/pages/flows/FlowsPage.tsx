import { ActionIcon, Button, CloseButton, Menu, Switch, TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { useInfiniteQuery } from '@tanstack/react-query';
import { IconAlertTriangle, IconArchive, IconCopy, IconDotsVertical, IconDownload, IconFileImport, IconHierarchy2, IconPhoto, IconPlus, IconSearch } from '@tabler/icons-react';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { lazy, Suspense, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { stuckQuery } from '../../api/flowLive';
import { flowsQuery, type Flow } from '../../api/flows';
import { can } from '../../api/permissions';
import { Denied } from '../../app/Fallbacks';
import { useKeys } from '../../app/keyboard';
import { useMe } from '../../app/session';
import { loadArea } from '../../i18n';
import { EmptyState } from '../../ui/EmptyState';
import { ProblemAlert } from '../../ui/ProblemAlert';
import { Status } from '../../ui/Status';
import { When } from '../../ui/When';
import { ArchiveDialog, NewFlowDialog } from './Dialogs';
import { useExports } from './exports';
import classes from './flows.module.css';
import { FlowStatus } from './FlowStatus';
import type { FlowsSearch } from './flowsSearch';
import { ImportDialog } from './ImportDialog';

const SEARCH_MS = 250;

interface RowProps { flow: Flow; stuck: number; onCopy: () => void; onArchive: () => void }

const StuckDialog = lazy(async () => {
  await loadArea('flowlive');
  return { default: (await import('./live/StuckDialog')).StuckDialog };
});

function RowMenu({ flow, onCopy, onArchive }: Omit<RowProps, 'stuck'>) {
  const { t } = useTranslation('flows');
  const me = useMe();
  const exports = useExports();
  return (
    <Menu position="bottom-end" width={220}>
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" size={28} aria-label={t('list.more', { name: flow.name })}><IconDotsVertical size={16} aria-hidden /></ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {can(me, 'writeCampaigns') && <Menu.Item leftSection={<IconCopy size={16} aria-hidden />} onClick={onCopy}>{t('list.duplicate')}</Menu.Item>}
        <Menu.Item leftSection={<IconDownload size={16} aria-hidden />} onClick={() => exports.json(flow)}>{t('export.json')}</Menu.Item>
        <Menu.Item leftSection={<IconPhoto size={16} aria-hidden />} onClick={() => exports.svg(flow)}>{t('export.svg')}</Menu.Item>
        {can(me, 'steerCampaigns') && !flow.archived_at && <Menu.Item leftSection={<IconArchive size={16} aria-hidden />} onClick={onArchive}>{t('archive.open')}</Menu.Item>}
      </Menu.Dropdown>
    </Menu>
  );
}

function Row({ stuck, ...props }: RowProps) {
  const { t } = useTranslation('flows');
  const { flow } = props;
  return (
    <tr>
      <td>
        <Link to="/flows/$flowId" params={{ flowId: flow.id }} className={classes.rowLink}><bdi>{flow.name}</bdi></Link>
        {flow.description && <span className={classes.rowText}>{flow.description}</span>}
      </td>
      <td className={classes.state}><FlowStatus flow={flow} />{stuck > 0 && <> <Status tone="danger">{t('list.stuck', { count: stuck })}</Status></>}</td>
      <td className={classes.wide}><When at={flow.created_at} /></td>
      <td className={classes.rowEnd}><RowMenu {...props} /></td>
    </tr>
  );
}

function Flows() {
  const { t } = useTranslation('flows');
  const me = useMe();
  const navigate = useNavigate();
  const search: FlowsSearch = useSearch({ from: '/app/flows' });
  const { q = '', archived = false } = search;
  const writable = can(me, 'writeCampaigns');
  const query = useInfiniteQuery(flowsQuery({ search: q, archived }));
  const rows = query.data?.pages.flatMap((page) => page.items) ?? [];
  const stuck = new Map(useInfiniteQuery(stuckQuery).data?.pages[0]?.flows.map((one) => [one.flow_id, one.count]));
  const allStuck = [...stuck.values()].reduce((sum, one) => sum + one, 0);
  const [mending, setMending] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  const [text, setText] = useState(q);
  const [making, setMaking] = useState<{ like?: Flow } | null>(null);
  const [importing, setImporting] = useState(false);
  const [archiving, setArchiving] = useState<Flow | null>(null);
  const set = (change: FlowsSearch): void => void navigate({ to: '/flows', search: Object.fromEntries(Object.entries({ ...search, ...change }).filter(([, value]) => value)), replace: true });
  const go = useDebouncedCallback((next: string) => set({ q: next.trim() }), SEARCH_MS);
  const type = (next: string): void => {
    setText(next);
    go(next);
  };
  useKeys(t('title'), [
    { keys: '/', label: t('list.search'), run: () => field.current?.focus() },
    ...(writable ? [{ keys: 'n', label: t('new.open'), run: () => setMaking({}) }] : []),
  ]);
  const clear = (): void => {
    setText('');
    set({ q: '', archived: false });
  };
  const filtered = q !== '' || archived;
  return (
    <div className={classes.page}>
      <div className={classes.head}>
        <h1>{t('title')}</h1>
        {allStuck > 0 && <Button variant="default" leftSection={<IconAlertTriangle size={16} aria-hidden />} onClick={() => setMending(true)}>{t('list.stuck', { count: allStuck })}</Button>}
        {writable && <Button variant="default" leftSection={<IconFileImport size={16} aria-hidden />} onClick={() => setImporting(true)}>{t('import.open')}</Button>}
        {writable && <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={() => setMaking({})}>{t('new.open')}</Button>}
      </div>
      <div className={classes.filters}>
        <TextInput ref={field} className={classes.search} aria-label={t('list.search')} placeholder={t('list.search')} leftSection={<IconSearch size={16} aria-hidden />} rightSection={text && <CloseButton size={24} aria-label={t('common:action.clear')} onClick={() => type('')} />} value={text} onChange={(event) => type(event.currentTarget.value)} onKeyDown={(event) => event.key === 'Escape' && event.currentTarget.blur()} />
        <Switch size="md" label={t('list.archived')} checked={archived} onChange={(event) => set({ archived: event.currentTarget.checked })} />
      </div>
      <div className={`surface ${classes.list}`}>
        {query.isPending && <div aria-busy className={classes.pad}>{Array.from({ length: 5 }, (_, nth) => <div key={nth} className={`skeleton ${classes.rowSkeleton}`} />)}</div>}
        {query.isError && !query.data && <div className={classes.pad}><ProblemAlert error={query.error} onRetry={() => void query.refetch()} /></div>}
        {query.data && rows.length === 0 && (filtered
          ? <EmptyState icon={IconSearch} title={t('list.noHits')} text={t('list.noHitsText')} action={<Button variant="default" onClick={clear}>{t('common:action.clear')}</Button>} />
          : <EmptyState icon={IconHierarchy2} title={t('list.none')} text={t('list.noneText')} action={writable && <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={() => setMaking({})}>{t('new.first')}</Button>} />)}
        {rows.length > 0 && (
          <table className={classes.table}>
            <thead>
              <tr>
                <th scope="col">{t('list.name')}</th>
                <th scope="col" className={classes.state}>{t('list.status')}</th>
                <th scope="col" className={classes.wide}>{t('list.created')}</th>
                <th scope="col" className={classes.rowEnd}><span className="visually-hidden">{t('list.actions')}</span></th>
              </tr>
            </thead>
            <tbody>{rows.map((row) => <Row key={row.id} flow={row} stuck={stuck.get(row.id) ?? 0} onCopy={() => setMaking({ like: row })} onArchive={() => setArchiving(row)} />)}</tbody>
          </table>
        )}
      </div>
      {query.hasNextPage && <Button variant="default" className={classes.loadMore} loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>{t('list.older')}</Button>}
      {making && <NewFlowDialog {...(making.like && { like: making.like })} onClose={() => setMaking(null)} />}
      {mending && <Suspense><StuckDialog onClose={() => setMending(false)} /></Suspense>}
      {importing && <ImportDialog onClose={() => setImporting(false)} />}
      {archiving && <ArchiveDialog flow={archiving} onClose={() => setArchiving(null)} />}
    </div>
  );
}

/** All flows: what they are, which run, and the ways to make one. */
export function FlowsPage() {
  const me = useMe();
  return can(me, 'readCampaigns') ? <Flows /> : <Denied />;
}

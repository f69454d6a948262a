import { CloseButton, TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { useInfiniteQuery } from '@tanstack/react-query';
import { IconArrowUp, IconInbox, IconMoodSmile, IconSearch } from '@tabler/icons-react';
import { useNavigate } from '@tanstack/react-router';
import { useVirtualizer } from '@tanstack/react-virtual';
import { lazy, Suspense, useCallback, useEffect, useMemo, useRef, useState, type ReactNode, type RefObject } from 'react';
import { useTranslation } from 'react-i18next';
import { can } from '../../api/permissions';
import { listQuery } from '../../api/queries';
import type { Conversation } from '../../api/types';
import { useMe } from '../../app/session';
import { useStore } from '../../app/store';
import { EmptyState } from '../../ui/EmptyState';
import { ProblemAlert } from '../../ui/ProblemAlert';
import { useRowHeight } from '../../ui/useRowHeight';
import { between, choose, chooseNone, chosen } from './chosen';
import { ConversationRow } from './ConversationRow';
import { useFrozenOrder } from './frozenOrder';
import classes from './inbox.module.css';

const BulkBar = lazy(() => import('./BulkBar'));
const SEARCH_MS = 250;
const ROW_PX = 76;
const COMPACT_PX = 56;
const AHEAD = 12;
const NO_ROWS: Conversation[] = [];

function SearchField({ view, q, field }: { view: string; q: string; field: RefObject<HTMLInputElement | null> }) {
  const { t } = useTranslation('inbox');
  const navigate = useNavigate();
  const [text, setText] = useState(q);
  const go = useDebouncedCallback((next: string) => void navigate({ to: '/inbox/$view', params: { view }, search: next ? { q: next } : {}, replace: true }), SEARCH_MS);
  useEffect(() => setText(q), [q]);
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

function Nothing({ view, q }: { view: string; q: string }) {
  const { t } = useTranslation('inbox');
  if (q) return <EmptyState icon={IconSearch} title={t('list.noHits', { q })} text={t('list.noHitsText')} />;
  if (['closed', 'all', 'snoozed', 'waiting'].includes(view)) return <EmptyState icon={IconInbox} title={t('list.nothingYet')} text={t('list.nothingYetText')} />;
  return <EmptyState icon={IconMoodSmile} title={t('list.allAnswered')} text={t('list.allAnsweredText')} />;
}

interface ListProps {
  view: string;
  q: string;
  openId: string | undefined;
  cursor: string | undefined;
  searchField: RefObject<HTMLInputElement | null>;
  onRows: (rows: Conversation[]) => void;
  /** Beside the search field. */
  tools?: ReactNode;
}

/** Chosen rows, by click or a range by Shift; nothing is chosen any more where another list begins. */
function useChoosing(rows: readonly Conversation[], list: string) {
  const ids = useStore(chosen);
  const last = useRef<string>(undefined);
  const now = useRef(rows);
  useEffect(() => {
    now.current = rows;
  }, [rows]);
  useEffect(() => chooseNone, [list]);
  const onChoose = useCallback((id: string, range: boolean) => {
    const others = range ? between(now.current.map((row) => row.id), last.current, id) : [];
    chosen.set(choose(chosen.get(), id, others));
    last.current = id;
  }, []);
  return { ids, onChoose };
}

/** Newest first. Only rows in view are drawn; nothing moves while the pointer is inside. */
export function ConversationList({ view, q, openId, cursor, searchField, onRows, tools }: ListProps) {
  const { t } = useTranslation('inbox');
  const query = useInfiniteQuery(listQuery({ view, search: q }));
  const live = useMemo(() => query.data?.pages.flatMap((page) => page.items) ?? NO_ROWS, [query.data]);
  const [inside, setInside] = useState(false);
  const { rows, news, release } = useFrozenOrder(live, inside, `${view}|${q}`, query.data?.pages.length ?? 0);
  const { ids, onChoose } = useChoosing(rows, `${view}|${q}`);
  const mayWrite = can(useMe(), 'writeInbox');
  const box = useRef<HTMLDivElement>(null);
  const height = useRowHeight(ROW_PX, COMPACT_PX);
  const virtual = useVirtualizer({ count: rows.length, getScrollElement: () => box.current, estimateSize: () => height, overscan: 8, getItemKey: (at) => rows[at]?.id ?? at });
  const shown = virtual.getVirtualItems();
  const end = shown.at(-1)?.index ?? 0;
  useEffect(() => onRows(rows), [rows, onRows]);
  useEffect(() => virtual.measure(), [height, virtual]);
  useEffect(() => {
    if (query.hasNextPage && !query.isFetchingNextPage && end >= rows.length - AHEAD) void query.fetchNextPage();
  }, [end, rows.length, query.hasNextPage, query.isFetchingNextPage]);
  useEffect(() => {
    const at = rows.findIndex((row) => row.id === cursor);
    if (at >= 0) virtual.scrollToIndex(at, { align: 'auto' });
    // Only when the cursor moves: rows that change must not scroll the list.
  }, [cursor]);
  return (
    <div className={classes.listFrame}>
      <div className={classes.searchRow}><SearchField view={view} q={q} field={searchField} />{tools}</div>
      {ids.length > 0 && <Suspense><BulkBar rows={rows} /></Suspense>}
      <div className={classes.listBox}>
        {news > 0 && (
          <button type="button" className={classes.news} onClick={() => {
            release();
            virtual.scrollToOffset(0);
          }}>
            <IconArrowUp size={14} aria-hidden />
            {t('list.new', { count: news })}
          </button>
        )}
        <div className={classes.listScroll} ref={box} onPointerEnter={(event) => setInside(event.pointerType === 'mouse')} onPointerLeave={() => setInside(false)} tabIndex={-1}>
          {query.isPending && <ListSkeleton height={height} />}
          {query.isError && !query.data && <div className={classes.pad}><ProblemAlert error={query.error} onRetry={() => void query.refetch()} /></div>}
          {query.data && rows.length === 0 && <Nothing view={view} q={q} />}
          <ul className={classes.items} data-choosing={ids.length > 0 || undefined} style={{ height: virtual.getTotalSize() }} aria-label={t('list.label')}>
            {shown.map(({ index, start, key }) => {
              const row = rows[index];
              if (!row) return null;
              return (
                <ConversationRow key={key} row={row} view={view} q={q || undefined} open={row.id === openId} cursor={row.id === cursor} at={index} chosen={ids.includes(row.id)} onChoose={mayWrite ? onChoose : null} style={{ height, transform: `translateY(${start}px)` }} />
              );
            })}
          </ul>
        </div>
      </div>
    </div>
  );
}

function ListSkeleton({ height }: { height: number }) {
  return (
    <div aria-busy>
      {Array.from({ length: 7 }, (_, at) => (
        <div key={at} className={classes.rowSkeleton} style={{ height }}>
          <div className="skeleton" style={{ width: 34, height: 34, borderRadius: '50%' }} />
          <div className={classes.rowMain}>
            <div className="skeleton" style={{ width: '50%', height: 12 }} />
            <div className="skeleton" style={{ width: '85%', height: 12, marginBlockStart: 8 }} />
          </div>
        </div>
      ))}
    </div>
  );
}

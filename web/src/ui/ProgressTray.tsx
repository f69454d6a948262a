import { Popover } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { IconCheck, IconProgress } from '@tabler/icons-react';
import { Link, useParams } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { importsQuery } from '../api/imports';
import type { Import } from '../api/types';
import { formatCount, formatShare } from './numbers';
import { ProgressBar } from './ProgressBar';
import classes from './tray.module.css';

const WORKING = new Set(['checking', 'running', 'undoing']);
const FOLLOW_MS = 2_000;
const REST_MS = 120_000;

const isWorking = (row: Import): boolean => WORKING.has(row.state);
const shareOf = (row: Import): number | null => (row.rows_total ? Math.min(1, row.rows_done / row.rows_total) : null);

const NOTHING: ReadonlySet<string> = new Set();

/** Work that goes on, and what of it ended while this page was open and has not been looked at. */
function useWork(): { rows: Import[]; running: number; seen: () => void } {
  const { data } = useQuery({
    ...importsQuery,
    refetchInterval: (query) => (query.state.data?.items.some(isWorking) ? FOLLOW_MS : REST_MS),
  });
  const [followed, setFollowed] = useState(NOTHING);
  const items = data?.items;
  useEffect(() => {
    const fresh = (items ?? []).filter((row) => isWorking(row)).map((row) => row.id);
    if (fresh.length > 0) setFollowed((old) => (fresh.every((id) => old.has(id)) ? old : new Set([...old, ...fresh])));
  }, [items]);
  // Whoever looks at an import sees that it ended; nobody has to be told twice.
  const { importId } = useParams({ strict: false });
  const rows = (items ?? []).filter((row) => followed.has(row.id) && (row.id !== importId || isWorking(row)));
  const running = rows.filter(isWorking);
  return { rows, running: running.length, seen: () => setFollowed(new Set(running.map((row) => row.id))) };
}

function Item({ row, onOpen }: { row: Import; onOpen: () => void }) {
  const { t } = useTranslation();
  const working = isWorking(row);
  const share = shareOf(row);
  return (
    <li className={classes.item}>
      <div className={classes.line}>
        <Link to="/imports/$importId" params={{ importId: row.id }} onClick={onOpen}><bdi>{row.name}</bdi></Link>
        <span className={classes.facts}>{t(`tray.state.${row.state}`, row.state)}</span>
      </div>
      {working && <ProgressBar share={share} label={row.name} />}
      <div className={classes.facts}>
        {working && share !== null && t('tray.progress', { share: formatShare(row.rows_done, row.rows_total ?? 0), done: formatCount(row.rows_done), all: formatCount(row.rows_total ?? 0) })}
        {row.state === 'completed' && t('tray.result', { created: formatCount(row.totals.created), updated: formatCount(row.totals.updated), errors: formatCount(row.totals.errors) })}
      </div>
    </li>
  );
}

/** Long work in the header: it goes on when its page is left, and can be found again. */
export default function ProgressTray() {
  const { t } = useTranslation();
  const { rows, running, seen } = useWork();
  const [opened, setOpened] = useState(false);
  const close = (): void => {
    setOpened(false);
    seen();
  };
  useEffect(() => {
    if (rows.length === 0) setOpened(false);
  }, [rows.length]);
  if (rows.length === 0) return null;
  return (
    <Popover opened={opened} onChange={(open) => (open ? setOpened(true) : close())} position="bottom-end" width={340} trapFocus returnFocus>
      <Popover.Target>
        <button type="button" className={classes.button} aria-expanded={opened} onClick={() => (opened ? close() : setOpened(true))}>
          {running > 0 ? <IconProgress size={16} aria-hidden /> : <IconCheck size={16} aria-hidden />}
          {running > 0 ? t('tray.running', { count: running }) : t('tray.done')}
        </button>
      </Popover.Target>
      <Popover.Dropdown p={8} aria-label={t('tray.title')}>
        <div className={classes.title}>{t('tray.title')}</div>
        <ul className={classes.list}>{rows.map((row) => <Item key={row.id} row={row} onOpen={() => setOpened(false)} />)}</ul>
      </Popover.Dropdown>
    </Popover>
  );
}

import { Button } from '@mantine/core';
import { useFullscreenElement } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { IconAlertTriangle, IconMaximize, IconMinimize } from '@tabler/icons-react';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { can } from '../../api/permissions';
import { wallboardQuery, type Holder } from '../../api/supervision';
import type { Wallboard } from '../../api/types';
import { Denied } from '../../app/Fallbacks';
import { useKeys } from '../../app/keyboard';
import { useMe } from '../../app/session';
import { ProblemAlert } from '../../ui/ProblemAlert';
import { exactTime } from '../../ui/time';
import { Accounts, Agents, Messages, Queues } from './Boards';
import { HeldDialog } from './HeldDialog';
import { Tiles } from './Tiles';
import classes from './wallboard.module.css';

const TICK_MS = 1_000;
const STALE_MS = 15_000;

/** Whether the numbers are too old to be called live: measured by when they came, so that no clock need agree with another. */
function useStale(cameAt: number): boolean {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), TICK_MS);
    return () => clearInterval(timer);
  }, []);
  return now - cameAt > STALE_MS;
}

function Loading() {
  return <div className={classes.tiles} aria-busy>{Array.from({ length: 6 }, (_, at) => <div key={at} className="skeleton" style={{ height: 128 }} />)}</div>;
}

function AsOf({ board, stale }: { board: Wallboard; stale: boolean }) {
  const { t } = useTranslation('wallboard');
  const time = exactTime(board.at, board.time_zone);
  if (stale) return <p role="alert" className={classes.stale}><IconAlertTriangle size={18} aria-hidden />{t('stale', { time })}</p>;
  return <p className={classes.quiet} data-testid="as-of">{t('asOf', { time })}</p>;
}

function Floor() {
  const { t } = useTranslation('wallboard');
  const me = useMe();
  const { ref, toggle, fullscreen } = useFullscreenElement<HTMLDivElement>();
  const { data: board, error, refetch, dataUpdatedAt } = useQuery(wallboardQuery);
  const [shown, setShown] = useState<Holder | null>(null);
  const stale = useStale(dataUpdatedAt);
  const word = fullscreen ? t('leave') : t('fullScreen');
  useKeys(t('title'), [{ keys: 'f', label: word, run: () => void toggle() }]);
  // A dialog is drawn outside of the element that fills the screen, where nobody would see it.
  const open = can(me, 'writeInbox') && !fullscreen ? setShown : null;
  return (
    <div ref={ref} className={classes.page} data-screen={fullscreen || undefined}>
      <div className={classes.head}>
        <h1>{t('title')}</h1>
        {board && <AsOf board={board} stale={stale} />}
        <Button variant="default" leftSection={fullscreen ? <IconMinimize size={16} aria-hidden /> : <IconMaximize size={16} aria-hidden />} onClick={() => void toggle()}>{word}</Button>
      </div>
      {error && <ProblemAlert error={error} onRetry={() => void refetch()} />}
      {!board && !error && <Loading />}
      {board && (
        <div className={classes.body} data-stale={stale || undefined}>
          <Tiles board={board} />
          <Queues rows={board.queues} onOpen={open} />
          <div className={classes.columns}>
            <Agents rows={board.agents} onOpen={open} />
            <div className={classes.body}>
              <Messages messages={board.messages} />
              <Accounts rows={board.accounts} />
            </div>
          </div>
        </div>
      )}
      {board && shown && <HeldDialog holder={shown} board={board} onClose={() => setShown(null)} />}
    </div>
  );
}

/** The floor at a glance, also from across the room. */
export function WallboardPage() {
  const me = useMe();
  return can(me, 'readReports') ? <Floor /> : <Denied />;
}

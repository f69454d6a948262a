import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { can } from '../../api/permissions';
import { homeQuery } from '../../api/queries';
import type { Home } from '../../api/types';
import { useMe } from '../../app/session';
import { ProblemAlert } from '../../ui/ProblemAlert';
import { Campaigns } from './Campaigns';
import { FirstSteps } from './FirstSteps';
import classes from './home.module.css';
import { Intents, Queues } from './Lists';
import { ConversationTiles, MessageTiles, WalletTile } from './Tiles';

const REFRESH_MS = 60_000;

const isNew = (home: Home): boolean => {
  const { open, unassigned, mine } = home.conversations;
  const { inbound, outbound } = home.messages_today;
  return open + unassigned + mine + inbound + outbound === 0 && home.campaigns.length === 0;
};

function Loading() {
  return (
    <div className={classes.grid} aria-busy>
      {Array.from({ length: 8 }, (_, at) => <div key={at} className={`skeleton ${classes.tileSkeleton}`} />)}
      <div className={`skeleton ${classes.panelSkeleton}`} />
      <div className={`skeleton ${classes.panelSkeleton}`} />
    </div>
  );
}

function Summary({ home }: { home: Home }) {
  const me = useMe();
  const inbox = can(me, 'readInbox');
  const campaigns = can(me, 'readCampaigns');
  return (
    <>
      {isNew(home) && <FirstSteps />}
      {inbox && (
        <div className={classes.grid}>
          <ConversationTiles counts={home.conversations} />
          {home.wallet && <WalletTile wallet={home.wallet} />}
        </div>
      )}
      <div className={classes.grid}>
        <MessageTiles today={home.messages_today} linked={inbox} />
        {!inbox && home.wallet && <WalletTile wallet={home.wallet} />}
      </div>
      <div className={classes.columns} data-single={!campaigns || undefined}>
        {campaigns && <Campaigns glances={home.campaigns} />}
        <div className={classes.stack}>
          {home.queues.length > 0 && <Queues rows={home.queues} />}
          <Intents rows={home.intents_today} />
        </div>
      </div>
    </>
  );
}

/** What needs me now: live counts that open the list they count. */
export function HomePage() {
  const { t } = useTranslation('home');
  const me = useMe();
  const { data: home, error, refetch } = useQuery({ ...homeQuery, refetchInterval: REFRESH_MS });
  return (
    <div className={classes.page}>
      <h1 className={classes.title}>{t('title', { name: me.tenant.name })}</h1>
      {error && !home && <ProblemAlert error={error} onRetry={() => void refetch()} />}
      {!home && !error && <Loading />}
      {home && <Summary home={home} />}
    </div>
  );
}

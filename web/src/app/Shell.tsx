import { useQueryClient } from '@tanstack/react-query';
import { Outlet, useMatchRoute, useNavigate } from '@tanstack/react-router';
import { lazy, Suspense, useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { can } from '../api/permissions';
import { body, api } from '../api/client';
import { loadArea } from '../i18n';
import { Header } from './Header';
import { useKeys } from './keyboard';
import { Rail } from './Rail';
import { newVersion, sessionEnded, useMe } from './session';
import classes from './shell.module.css';
import { helpOpen, liveState, paletteOpen } from './shellState';
import { useStore } from './store';
import { VersionBanner } from './VersionBanner';

const CommandPalette = lazy(() => import('./CommandPalette'));
const KeyHelp = lazy(() => import('./KeyHelp'));
const CallDock = lazy(async () => {
  await loadArea('call');
  return import('./CallDock');
});
const OfferCard = lazy(() => import('./OfferCard'));
const SignInAgain = lazy(async () => {
  await loadArea('signin');
  return import('../pages/signin/SignInAgain');
});

/** What the stream needs comes after the page that is looked at. */
const loadLive = () => Promise.all([import('./live'), import('./liveCache'), import('./breaches')]);

/** Reads the stream of the signed-in person and tenant for as long as the session lasts. */
function useLive(ended: boolean): void {
  const client = useQueryClient();
  const { t } = useTranslation();
  const me = useMe();
  const name = `hub-live:${me.user?.id ?? ''}:${me.tenant.id}`;
  useEffect(() => {
    if (ended) return undefined;
    let over = false;
    let stop = (): void => undefined;
    void loadLive().then(([{ connectLive }, { LiveCache }, { sayBreaches }]) => {
      if (over) return;
      const cache = new LiveCache(client, me);
      const disconnect = connectLive({
        name,
        url: '/v1/stream',
        onEvents: (events) => {
          cache.apply(events);
          sayBreaches(t, client, me, events);
        },
        onState: liveState.set,
        onRefused: () => void body(api.GET('/v1/me')).catch(() => undefined),
      });
      stop = () => {
        disconnect();
        cache.stop();
      };
    });
    return () => {
      over = true;
      stop();
    };
    // The name holds all of `me` that the cache reads.
  }, [client, ended, name]);
}

function useGlobalKeys(): void {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const me = useMe();
  useKeys(t('keys.everywhere'), [
    { keys: 'Ctrl K', label: t('keys.search'), run: () => paletteOpen.set(true), inFields: true },
    { keys: '?', label: t('keys.help'), run: () => helpOpen.set(true) },
    { keys: 'g h', label: t('keys.home'), run: () => void navigate({ to: '/' }) },
    ...(can(me, 'readInbox') ? [{ keys: 'g i', label: t('keys.inbox'), run: () => void navigate({ to: '/inbox/$view', params: { view: 'open' } }) }] : []),
    ...(can(me, 'readContacts') ? [{ keys: 'g c', label: t('keys.contacts'), run: () => void navigate({ to: '/contacts', search: {} }) }] : []),
    ...(can(me, 'readQueues') ? [{ keys: 'g r', label: t('keys.routing'), run: () => void navigate({ to: '/routing' }) }] : []),
    ...(can(me, 'readContacts') ? [{ keys: 'g s', label: t('keys.segments'), run: () => void navigate({ to: '/segments', search: {} }) }] : []),
    ...(can(me, 'readCampaigns') ? [{ keys: 'g f', label: t('keys.flows'), run: () => void navigate({ to: '/flows', search: {} }) }] : []),
    ...(can(me, 'readQueues') ? [{ keys: 'g q', label: t('keys.queues'), run: () => void navigate({ to: '/queues' }) }] : []),
    ...(can(me, 'readReports') ? [{ keys: 'g d', label: t('keys.wallboard'), run: () => void navigate({ to: '/live' }) }] : []),
    ...(can(me, 'readReports') || can(me, 'writeInbox') ? [{ keys: 'g p', label: t('keys.reports'), run: () => void navigate({ to: '/reports' }) }] : []),
    ...(can(me, 'importContacts') ? [{ keys: 'g u', label: t('keys.imports'), run: () => void navigate({ to: '/imports' }) }] : []),
  ]);
}

export function Shell() {
  const { t } = useTranslation();
  const me = useMe();
  const ended = useStore(sessionEnded);
  const outdated = useStore(newVersion);
  const palette = useStore(paletteOpen);
  const help = useStore(helpOpen);
  const [paletteLoaded, setPaletteLoaded] = useState(false);
  const inThread = useMatchRoute()({ to: '/inbox/$view/$conversation' }) !== false;
  useLive(ended);
  useGlobalKeys();
  useEffect(() => {
    if (palette) setPaletteLoaded(true);
  }, [palette]);
  return (
    <div className={classes.shell} data-focused={inThread || undefined}>
      <a className={classes.skip} href="#main">{t('action.skip')}</a>
      <Header />
      {outdated && <VersionBanner />}
      <Rail />
      <main id="main" className={classes.main} tabIndex={-1}>
        <Outlet />
      </main>
      <Suspense>
        {paletteLoaded && <CommandPalette />}
        {help && <KeyHelp onClose={() => helpOpen.set(false)} />}
        {ended && <SignInAgain />}
        {can(me, 'writeInbox') && me.user && <OfferCard />}
        {can(me, 'writeInbox') && me.user && <CallDock />}
      </Suspense>
    </div>
  );
}

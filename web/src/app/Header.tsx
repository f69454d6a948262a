import { Tooltip } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { IconSearch, IconWallet } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { lazy, Suspense } from 'react';
import { useTranslation } from 'react-i18next';
import { can } from '../api/permissions';
import { walletQuery } from '../api/queries';
import { formatMoney } from '../ui/Money';
import { clockTime } from '../ui/time';
import { BrandLogo } from './BrandLogo';
import { useMe } from './session';
import { liveState, paletteOpen } from './shellState';
import classes from './shell.module.css';
import { useStore } from './store';
import { TenantSwitcher } from './TenantSwitcher';
import { UserMenu } from './UserMenu';

const Mentions = lazy(() => import('./Mentions'));
const PresenceSwitch = lazy(() => import('./PresenceSwitch'));
const ProgressTray = lazy(() => import('../ui/ProgressTray'));

function ConnectionState() {
  const { t } = useTranslation();
  const me = useMe();
  const state = useStore(liveState);
  const word = state.kind === 'offline' ? t('live.offline', { time: clockTime(new Date(state.since).toISOString(), me.tenant.time_zone) }) : t(`live.${state.kind}`);
  return (
    <Tooltip label={t(`live.${state.kind}Hint`)}>
      <span className={classes.live} data-state={state.kind} role="status" data-testid="live-state">
        <span className={classes.dot} aria-hidden />
        <span>{word}</span>
      </span>
    </Tooltip>
  );
}

function WalletChip() {
  const { t } = useTranslation();
  const { data: wallet } = useQuery(walletQuery);
  if (!wallet) return null;
  const available = formatMoney(wallet.available, wallet.currency);
  const words = t('header.wallet', { amount: available, held: formatMoney(wallet.held, wallet.currency) });
  return (
    <Tooltip label={words}>
      <span className={classes.wallet} data-overdrawn={wallet.overdrawn || undefined}>
        <IconWallet size={15} stroke={1.75} aria-hidden />
        <span className="visually-hidden">{t(wallet.overdrawn ? 'header.overdrawn' : 'header.available')} </span>
        {available}
      </span>
    </Tooltip>
  );
}

export function Header() {
  const { t } = useTranslation();
  const me = useMe();
  return (
    <header className={classes.header}>
      <Link to="/" className={classes.brand} aria-label={me.tenant.brand.product_name}>
        <BrandLogo />
        <span className={classes.brandName}>{me.tenant.brand.product_name}</span>
      </Link>
      {(me.tenants.length > 1 || me.tenant.name !== me.tenant.brand.product_name) && (
        <>
          <span className={classes.divider} />
          <TenantSwitcher />
        </>
      )}
      <span className={classes.spacer} />
      <button type="button" className={classes.search} onClick={() => paletteOpen.set(true)} aria-keyshortcuts="Control+K">
        <IconSearch size={16} stroke={1.75} aria-hidden />
        <span>{t('header.search')}</span>
        <kbd>{t('keyName.ctrlK')}</kbd>
      </button>
      {can(me, 'importContacts') && <Suspense><ProgressTray /></Suspense>}
      <ConnectionState />
      {me.user && can(me, 'readInbox') && <Suspense fallback={<span className={classes.place} />}><Mentions /></Suspense>}
      {can(me, 'readWallet') && <WalletChip />}
      {can(me, 'writeInbox') && me.user && me.tenant.id === me.home_tenant.id && <Suspense fallback={<span className={classes.place} />}><PresenceSwitch /></Suspense>}
      <UserMenu />
    </header>
  );
}

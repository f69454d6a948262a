import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Home } from '../../api/types';
import { formatMoney } from '../../ui/Money';
import classes from './home.module.css';

const language = (): string => document.documentElement.lang || 'en';
export const count = (value: number): string => value.toLocaleString(language());

const share = (part: number, whole: number): string =>
  new Intl.NumberFormat(language(), { style: 'percent', maximumFractionDigits: 1 }).format(whole === 0 ? 0 : part / whole);

function Figure({ label, value, hint, alarm }: { label: string; value: string; hint?: ReactNode; alarm?: boolean }) {
  return (
    <>
      <span className={classes.tileLabel}>{label}</span>
      <span className={classes.tileValue} data-alarm={alarm || undefined}>{value}</span>
      {hint && <span className={classes.tileHint}>{hint}</span>}
    </>
  );
}

function LinkTile({ view, ...figure }: { view: string; label: string; value: string; hint?: ReactNode; alarm?: boolean }) {
  return (
    <Link to="/inbox/$view" params={{ view }} className={classes.tile} data-link>
      <Figure {...figure} />
    </Link>
  );
}

function Tile(figure: { label: string; value: string; hint?: ReactNode; alarm?: boolean }) {
  return <div className={classes.tile}><Figure {...figure} /></div>;
}

export function ConversationTiles({ counts }: { counts: Home['conversations'] }) {
  const { t } = useTranslation('home');
  return (
    <>
      <LinkTile view="open" label={t('tile.open')} value={count(counts.open)} hint={t('tile.unread', { count: counts.unread })} />
      <LinkTile view="unassigned" label={t('tile.unassigned')} value={count(counts.unassigned)} hint={t('tile.unassignedHint')} />
      <LinkTile view="mine" label={t('tile.mine')} value={count(counts.mine)} hint={t('tile.mineHint')} />
    </>
  );
}

export function MessageTiles({ today, linked }: { today: Home['messages_today']; linked: boolean }) {
  const { t } = useTranslation('home');
  const sent = today.outbound - today.refused;
  const received = { label: t('tile.inbound'), value: count(today.inbound), hint: t('tile.today') };
  return (
    <>
      {linked ? <LinkTile view="all" {...received} /> : <Tile {...received} />}
      <Tile label={t('tile.outbound')} value={count(sent)} hint={t('tile.today')} />
      <Tile label={t('tile.delivered')} value={share(today.delivered, sent)} hint={t('tile.deliveredHint', { delivered: count(today.delivered) })} />
      <Tile label={t('tile.failed')} value={count(today.failed)} hint={t('tile.refused', { count: today.refused })} />
    </>
  );
}

export function WalletTile({ wallet }: { wallet: NonNullable<Home['wallet']> }) {
  const { t } = useTranslation('home');
  const empty = wallet.available.startsWith('-') || Number(wallet.available) === 0;
  return (
    <Tile
      label={t('tile.wallet')}
      value={formatMoney(wallet.available, wallet.currency)}
      hint={empty ? t('tile.walletEmpty') : t('tile.held', { amount: formatMoney(wallet.held, wallet.currency) })}
      alarm={empty}
    />
  );
}

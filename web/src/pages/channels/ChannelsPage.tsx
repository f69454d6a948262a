import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { IconAntennaBars5, IconPlus } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { accountsQuery } from '../../api/channels';
import { can } from '../../api/permissions';
import type { ProviderAccount } from '../../api/types';
import { Denied } from '../../app/Fallbacks';
import { useKeys } from '../../app/keyboard';
import { useMe } from '../../app/session';
import { EmptyState } from '../../ui/EmptyState';
import { ProblemAlert } from '../../ui/ProblemAlert';
import { AccountActions } from './AccountActions';
import { AddAccount } from './AddAccount';
import classes from './channels.module.css';
import { AccountStatus, Errors, Figures, Stopped } from './Health';
import { Numbers } from './Numbers';

const SHOWN_ERRORS = 3;

function Card({ account }: { account: ProviderAccount }) {
  const { t } = useTranslation('channels');
  const me = useMe();
  const own = account.tenant_id === me.tenant.id;
  const errors = account.health?.errors ?? [];
  return (
    <article className={`surface ${classes.card}`} aria-label={account.name}>
      <header className={classes.cardHead}>
        <div className={classes.cardTitle}>
          <h2><Link to="/channels/$accountId" params={{ accountId: account.id }} className={classes.titleLink}><bdi>{account.name}</bdi></Link></h2>
          <span>{t(`provider.${account.provider}`, account.provider)}</span>
        </div>
        <AccountStatus account={account} />
        {own && <AccountActions account={account} />}
      </header>
      <Stopped account={account} />
      <Figures account={account} />
      <Numbers account={account} own={own} />
      {errors.length > 0 && (
        <section className={classes.section} aria-label={t('errors.title')}>
          <h3>{t('errors.title')}</h3>
          <Errors errors={errors.slice(0, SHOWN_ERRORS)} title={t('errors.title')} />
          {errors.length > SHOWN_ERRORS && <Link to="/channels/$accountId" params={{ accountId: account.id }} className={classes.allLink}>{t('errors.all', { count: errors.length })}</Link>}
        </section>
      )}
    </article>
  );
}

function Accounts() {
  const { t } = useTranslation('channels');
  const query = useQuery(accountsQuery);
  const [adding, setAdding] = useState(false);
  const rows = query.data?.items ?? [];
  const button = <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={() => setAdding(true)}>{t('wizard.open')}</Button>;
  useKeys(t('title'), [{ keys: 'n', label: t('wizard.open'), run: () => setAdding(true) }]);
  return (
    <div className={classes.page}>
      <div className={classes.head}>
        <div><h1>{t('title')}</h1><p className={classes.lead}>{t('lead')}</p></div>
        {button}
      </div>
      {query.isPending && <div aria-busy className={classes.cards}>{[0, 1].map((at) => <div key={at} className={`surface ${classes.card}`}><div className="skeleton" style={{ width: 200, height: 18 }} /><div className="skeleton" style={{ height: 56 }} /><div className="skeleton" style={{ height: 80 }} /></div>)}</div>}
      {query.isError && !query.data && <ProblemAlert error={query.error} onRetry={() => void query.refetch()} />}
      {query.data && rows.length === 0 && <div className="surface"><EmptyState icon={IconAntennaBars5} title={t('none')} text={t('noneText')} action={button} /></div>}
      {rows.length > 0 && <div className={classes.cards}>{rows.map((account) => <Card key={account.id} account={account} />)}</div>}
      {adding && <AddAccount onClose={() => setAdding(false)} />}
    </div>
  );
}

/** The accounts by which messages leave: their numbers, how they do, and what to do when they don't. */
export function ChannelsPage() {
  const me = useMe();
  return can(me, 'manageChannels') ? <Accounts /> : <Denied />;
}

import { useQuery } from '@tanstack/react-query';
import { IconArrowLeft, IconKey } from '@tabler/icons-react';
import { Link, useNavigate, useParams } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { accountsQuery, channelHealthQuery } from '../../api/channels';
import { can } from '../../api/permissions';
import type { Channel, ProviderAccount } from '../../api/types';
import { Denied, Missing } from '../../app/Fallbacks';
import { useMe } from '../../app/session';
import { ChannelIcon } from '../../ui/ChannelIcon';
import { formatCount } from '../../ui/numbers';
import { ProblemAlert } from '../../ui/ProblemAlert';
import { Status } from '../../ui/Status';
import { absoluteTime } from '../../ui/time';
import { TONES } from '../../ui/MessageWay/MessageWay';
import { AccountActions } from './AccountActions';
import classes from './channels.module.css';
import { AccountStatus, Errors, Figures, Stopped } from './Health';
import { Minutes } from './Minutes';
import { Numbers } from './Numbers';
import { Webhooks } from './Webhooks';

function Secrets({ account }: { account: ProviderAccount }) {
  const { t } = useTranslation('channels');
  const me = useMe();
  return (
    <ul className={classes.secrets}>
      {account.secrets.map((secret) => (
        <li key={secret.name}>
          <IconKey size={15} aria-hidden />
          <span>{t(`field.${secret.name}`, secret.name)}</span>
          <span className={classes.hint}>
            {secret.set && secret.set_at ? t(secret.set_by?.name ? 'secret.setBy' : 'secret.set', { when: absoluteTime(secret.set_at, me.tenant.time_zone), name: secret.set_by?.name }) : t('secret.missing')}
          </span>
        </li>
      ))}
    </ul>
  );
}

/** What became of one number's messages in the last hour and day. */
function Outcomes({ channel }: { channel: Channel }) {
  const { t } = useTranslation('channels');
  const me = useMe();
  const { data, error, refetch } = useQuery(channelHealthQuery(channel.id));
  if (error && !data) return <ProblemAlert error={error} onRetry={() => void refetch()} />;
  if (!data) return <div className="skeleton" style={{ height: 60 }} aria-busy />;
  return (
    <div className={classes.outcomes}>
      <h3><ChannelIcon kind={channel.kind} size={16} /> <bdi>{channel.name}</bdi></h3>
      {data.statuses.length === 0 ? <p className={classes.quiet}>{t('outcomes.none')}</p> : (
        <div className={classes.tableBox}>
          <table className={classes.table}>
            <thead><tr><th scope="col">{t('outcomes.state')}</th><th scope="col" className={classes.number}>{t('outcomes.hour')}</th><th scope="col" className={classes.number}>{t('outcomes.day')}</th></tr></thead>
            <tbody>
              {data.statuses.map((row) => (
                <tr key={row.status}>
                  <th scope="row"><Status tone={TONES[row.status] ?? 'neutral'}>{t(`inbox:state.${row.status}`, row.status)}</Status></th>
                  <td className={classes.number}>{formatCount(row.hour)}</td>
                  <td className={classes.number}>{formatCount(row.day)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {data.last_error && <p className={classes.hint}>{t('outcomes.last', { code: data.last_error.code ?? '?', reason: data.last_error.reason, when: absoluteTime(data.last_error.at, me.tenant.time_zone) })}</p>}
    </div>
  );
}

function Opened({ account }: { account: ProviderAccount }) {
  const { t } = useTranslation('channels');
  const me = useMe();
  const navigate = useNavigate();
  const own = account.tenant_id === me.tenant.id;
  const first = account.channels[0];
  return (
    <div className={classes.page}>
      <div className={classes.head}>
        <div>
          <Link to="/channels" className={classes.back}><IconArrowLeft size={16} aria-hidden />{t('title')}</Link>
          <h1><bdi>{account.name}</bdi></h1>
          <p className={classes.lead}>{t(`provider.${account.provider}`, account.provider)} · <span dir="ltr">{account.base_url}</span></p>
        </div>
        <div className={classes.headTools}><AccountStatus account={account} />{own && <AccountActions account={account} onGone={() => void navigate({ to: '/channels' })} />}</div>
      </div>
      <Stopped account={account} />
      <section className={`surface ${classes.card}`} aria-label={t('health.title')}>
        <Figures account={account} />
        {first && <Minutes channelId={first.id} />}
      </section>
      <section className={`surface ${classes.card}`} aria-label={t('errors.title')}>
        <h2 className={classes.cardName}>{t('errors.title')}</h2>
        <Errors errors={account.health?.errors ?? []} title={t('errors.title')} />
      </section>
      <section className={`surface ${classes.card}`} aria-label={t('number.title')}>
        <h2 className={classes.cardName}>{t('number.title')}</h2>
        <Numbers account={account} own={own} />
        {account.channels.map((channel) => <Outcomes key={channel.id} channel={channel} />)}
      </section>
      <section className={`surface ${classes.card}`} aria-label={t('secret.title')}>
        <h2 className={classes.cardName}>{t('secret.title')}</h2>
        <Secrets account={account} />
        <Webhooks account={account} />
      </section>
    </div>
  );
}

/** One account: how it does minute by minute, every code, its numbers' outcomes, its secrets' ages, its webhooks. */
export function AccountPage() {
  const me = useMe();
  const { accountId } = useParams({ from: '/app/channels/$accountId' });
  const query = useQuery({ ...accountsQuery, enabled: can(me, 'manageChannels') });
  if (!can(me, 'manageChannels')) return <Denied />;
  if (query.error && !query.data) return <div className={classes.page}><ProblemAlert error={query.error} onRetry={() => void query.refetch()} /></div>;
  if (!query.data) return <div className={classes.page} aria-busy><div className="skeleton" style={{ width: 240, height: 24 }} /><div className="skeleton" style={{ height: 120 }} /></div>;
  const account = query.data.items.find((one) => one.id === accountId);
  return account ? <Opened key={account.id} account={account} /> : <Missing />;
}

import { useQuery } from '@tanstack/react-query';
import { IconAntennaBars5, IconArrowsSplit2, IconChartBar, IconDeviceTv, IconFileImport, IconHeadset, IconHierarchy2, IconHome, IconInbox, IconSettings, IconUsers, IconUsersGroup } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { can } from '../api/permissions';
import { countsQuery } from '../api/queries';
import { useMe } from './session';
import classes from './shell.module.css';

const MANY = 99;

/** The pages that this person may open. */
export function Rail() {
  const { t } = useTranslation();
  const me = useMe();
  const inbox = can(me, 'readInbox');
  const { data: counts } = useQuery({ ...countsQuery, enabled: inbox });
  const mine = counts?.mine ?? 0;
  return (
    <nav className={classes.rail} aria-label={t('nav.label')}>
      <Link to="/" activeOptions={{ exact: true }} className={classes.railLink}>
        <IconHome size={20} stroke={1.75} aria-hidden />
        {t('nav.home')}
      </Link>
      {inbox && (
        <Link to="/inbox/$view" params={{ view: 'open' }} activeOptions={{ exact: false }} className={classes.railLink} data-status={location.pathname.startsWith('/inbox') ? 'active' : undefined}>
          <IconInbox size={20} stroke={1.75} aria-hidden />
          {t('nav.inbox')}
          {mine > 0 && <span className={classes.railCount} aria-hidden>{mine > MANY ? `${MANY}+` : mine}</span>}
        </Link>
      )}
      {can(me, 'readContacts') && (
        <Link to="/contacts" activeOptions={{ exact: false, includeSearch: false }} className={classes.railLink}>
          <IconUsers size={20} stroke={1.75} aria-hidden />
          {t('nav.contacts')}
        </Link>
      )}
      {can(me, 'readContacts') && (
        <Link to="/segments" activeOptions={{ exact: false }} className={classes.railLink}>
          <IconUsersGroup size={20} stroke={1.75} aria-hidden />
          {t('nav.segments')}
        </Link>
      )}
      {can(me, 'readCampaigns') && (
        <Link to="/flows" activeOptions={{ exact: false }} className={classes.railLink}>
          <IconHierarchy2 size={20} stroke={1.75} aria-hidden />
          {t('nav.flows')}
        </Link>
      )}
      {can(me, 'importContacts') && (
        <Link to="/imports" activeOptions={{ exact: false }} className={classes.railLink}>
          <IconFileImport size={20} stroke={1.75} aria-hidden />
          {t('nav.imports')}
        </Link>
      )}
      {can(me, 'readQueues') && (
        <Link to="/routing" activeOptions={{ exact: false }} className={classes.railLink}>
          <IconArrowsSplit2 size={20} stroke={1.75} aria-hidden />
          {t('nav.routing')}
        </Link>
      )}
      {can(me, 'readQueues') && (
        <Link to="/queues" activeOptions={{ exact: false }} className={classes.railLink}>
          <IconHeadset size={20} stroke={1.75} aria-hidden />
          {t('nav.queues')}
        </Link>
      )}
      {can(me, 'readReports') && (
        <Link to="/live" className={classes.railLink}>
          <IconDeviceTv size={20} stroke={1.75} aria-hidden />
          {t('nav.wallboard')}
        </Link>
      )}
      {(can(me, 'readReports') || can(me, 'writeInbox')) && (
        <Link to="/reports" className={classes.railLink}>
          <IconChartBar size={20} stroke={1.75} aria-hidden />
          {t('nav.reports')}
        </Link>
      )}
      {can(me, 'manageChannels') && (
        <Link to="/channels" activeOptions={{ exact: false }} className={classes.railLink}>
          <IconAntennaBars5 size={20} stroke={1.75} aria-hidden />
          {t('nav.channels')}
        </Link>
      )}
      {(can(me, 'manageInbox') || can(me, 'manageWebhooks')) && (
        <Link to={can(me, 'manageInbox') ? '/settings/replies' : '/settings/webhooks'} className={classes.railLink} data-status={location.pathname.startsWith('/settings') ? 'active' : undefined}>
          <IconSettings size={20} stroke={1.75} aria-hidden />
          {t('nav.settings')}
        </Link>
      )}
    </nav>
  );
}

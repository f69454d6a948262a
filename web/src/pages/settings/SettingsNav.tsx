import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { can, type Ability } from '../../api/permissions';
import { useMe } from '../../app/session';
import classes from '../contacts/nav.module.css';

export const SETTINGS_PAGES: readonly { to: '/settings/webhooks' | '/settings/replies' | '/settings/wrap-ups' | '/settings/policy'; key: string; needs: Ability }[] = [
  { to: '/settings/replies', key: 'replies', needs: 'manageInbox' },
  { to: '/settings/wrap-ups', key: 'wrapUps', needs: 'manageInbox' },
  { to: '/settings/policy', key: 'policy', needs: 'manageInbox' },
  { to: '/settings/webhooks', key: 'webhooks', needs: 'manageWebhooks' },
];

/** The pages of settings that this person may open. */
export function SettingsNav() {
  const { t } = useTranslation('settings');
  const me = useMe();
  return (
    <div className={classes.bar}>
      <nav className={classes.tabs} aria-label={t('nav.label')}>
        {SETTINGS_PAGES.filter((page) => can(me, page.needs)).map(({ to, key }) => (
          <Link key={to} to={to} className={classes.tab}>{t(`nav.${key}`)}</Link>
        ))}
      </nav>
    </div>
  );
}

import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import classes from './nav.module.css';

const PAGES = [
  { to: '/contacts', key: 'contacts' },
  { to: '/attributes', key: 'attributes' },
  { to: '/suppressions', key: 'suppressions' },
] as const;

/** The pages about contacts, and at the end what can be done on the one that is open. */
export function ContactsNav({ children }: { children?: ReactNode }) {
  const { t } = useTranslation('contacts');
  return (
    <div className={classes.bar}>
      <nav className={classes.tabs} aria-label={t('nav.label')}>
        {PAGES.map(({ to, key }) => (
          <Link key={to} to={to} className={classes.tab} activeOptions={{ exact: true, includeSearch: false }}>{t(`nav.${key}`)}</Link>
        ))}
      </nav>
      <div className={classes.actions}>{children}</div>
    </div>
  );
}

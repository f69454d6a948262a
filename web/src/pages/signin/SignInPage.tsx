import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { landsInInbox } from '../../api/permissions';
import { brandingQuery } from '../../api/queries';
import type { Me } from '../../api/types';
import { BrandLogo } from '../../app/BrandLogo';
import { FALLBACK_BRAND } from '../../app/boot';
import { enter } from '../../app/session';
import { SignInForm } from './SignInForm';
import classes from './signin.module.css';

/** The brand of the host, one card, and the page asked for afterwards. */
export function SignInPage() {
  const { t } = useTranslation('signin');
  const client = useQueryClient();
  const navigate = useNavigate();
  const { next } = useSearch({ from: '/login' });
  const { data: brand = FALLBACK_BRAND } = useQuery(brandingQuery);
  const go = (me: Me): void => {
    void enter(client, me);
    if (next) void navigate({ href: next });
    else if (landsInInbox(me)) void navigate({ to: '/inbox/$view', params: { view: 'open' } });
    else void navigate({ to: '/' });
  };
  return (
    <main className={classes.page}>
      <div className={classes.stripe} aria-hidden />
      <div className={classes.card}>
        <BrandLogo />
        <h1 className={classes.title}>{t('title', { name: brand.product_name })}</h1>
        {brand.name !== brand.product_name && <p className={classes.by}>{brand.name}</p>}
        <SignInForm onSignedIn={go} />
        <p className={classes.footer}>{t('footer')}</p>
      </div>
    </main>
  );
}

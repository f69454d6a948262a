import { useQuery } from '@tanstack/react-query';
import { brandingQuery, meQuery } from '../api/queries';
import { FALLBACK_BRAND } from './boot';
import classes from './shell.module.css';

/** The tenant's logo: its picture, else its first letter on its colour. */
export function BrandLogo() {
  const { data: me } = useQuery({ ...meQuery, enabled: false });
  const { data: branding } = useQuery({ ...brandingQuery, enabled: false });
  const brand = me?.tenant.brand ?? branding ?? FALLBACK_BRAND;
  const safe = brand.logo_url !== null && /^(data:image\/(png|jpeg|webp);|\/|https:\/\/)/.test(brand.logo_url);
  return (
    <span className={classes.logo} aria-hidden data-letter={safe ? undefined : ([...(brand.logo_text || brand.product_name)][0] ?? '').toUpperCase()}>
      {safe && <img src={brand.logo_url ?? ''} alt="" />}
    </span>
  );
}

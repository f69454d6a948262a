import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { triggersQuery } from '../../../api/flowLive';
import { Status } from '../../../ui/Status';
import { When } from '../../../ui/When';
import { useEditor } from '../editor/editor';
import classes from './peek.module.css';

/** What the published start waits for: when it fires next, and what is wrong with it. */
export function Awaits({ node }: { node: string }) {
  const { t } = useTranslation('flowpeek');
  const { data } = useQuery(triggersQuery(useEditor().flowId));
  const runs = data?.schedules.filter((one) => one.node === node) ?? [];
  const waiting = data?.waiting.filter((one) => one.node === node) ?? [];
  if (runs.length + waiting.length === 0) return null;
  return (
    <section className={classes.awaits} aria-label={t('awaits.title')}>
      <h3>{t('awaits.title')}</h3>
      {runs.map((one, nth) => <p key={nth}>{t('awaits.next')} <When at={one.next_at} />{one.error && <Status tone="danger">{one.error}</Status>}</p>)}
      {waiting.map((one, nth) => <p key={nth}>{t(`awaits.${one.kind}`, { event: one.event })}{one.looked_at && <small> {t('awaits.looked')} <When at={one.looked_at} /></small>}{one.error && <Status tone="danger">{one.error}</Status>}</p>)}
    </section>
  );
}

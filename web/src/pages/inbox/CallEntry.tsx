import { lazy, Suspense } from 'react';
import { useTranslation } from 'react-i18next';
import type { TimelineEntry } from '../../api/contactTypes';
import { clock } from '../../app/callClock';
import { useMe } from '../../app/session';
import { absoluteTime } from '../../ui/time';
import classes from './thread.module.css';

const CallKept = lazy(() => import('./CallKept'));

/** What happened on the phone. */
export function CallEntry({ entry }: { entry: TimelineEntry }) {
  const { t } = useTranslation('inbox');
  const me = useMe();
  const { did, seconds, to, outcome } = entry.data;
  const who = entry.actor?.name || t('note.somebody');
  const length = typeof seconds === 'number' ? seconds : 0;
  const said = did === 'ended' ? t(length > 0 ? 'call.ended' : 'call.missed', { length: clock(length), outcome: t(`call.outcome.${String(outcome)}`, '') })
    : t(`call.${String(did)}`, { who, to: typeof to === 'string' ? to : '' });
  return (
    <li className={classes.callEntry} data-call-entry={String(did)}>
      <span title={absoluteTime(entry.at, me.tenant.time_zone)}>{said}</span>
      {entry.data.kept === true && <Suspense><CallKept callId={String(entry.data.call_id)} /></Suspense>}
    </li>
  );
}

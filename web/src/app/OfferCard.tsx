import { Button } from '@mantine/core';
import { useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query';
import { IconFlag3 } from '@tabler/icons-react';
import { useNavigate } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { liveCallsQuery, WAITING } from '../api/calls';
import { accept, decline } from '../api/desk';
import { keys } from '../api/keys';
import { listQuery } from '../api/queries';
import type { Conversation } from '../api/types';
import { ChannelIcon } from '../ui/ChannelIcon';
import { toastProblem } from '../ui/toast';
import { intentName } from '../ui/words';
import classes from './desk.module.css';
import { useKeys } from './keyboard';
import { putConversation } from './liveCache';
import { notify } from './notify';
import { useMe } from './session';

const TICK_MS = 250;

/** Milliseconds until a moment, counted down while somebody looks. */
function useLeft(until: string | null | undefined): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), TICK_MS);
    return () => clearInterval(timer);
  }, []);
  return until ? Math.max(0, Date.parse(until) - now) : 0;
}

function Offer({ row, more }: { row: Conversation; more: number }) {
  const { t } = useTranslation();
  const me = useMe();
  const client = useQueryClient();
  const navigate = useNavigate();
  const left = useLeft(row.offer?.until);
  const [whole] = useState(left);
  const [busy, setBusy] = useState(false);
  const answer = async (taken: boolean): Promise<void> => {
    if (busy) return;
    setBusy(true);
    try {
      putConversation(client, await (taken ? accept(row.id) : decline(row.id)), me.user?.id);
      void client.invalidateQueries({ queryKey: keys.counts });
      if (taken) void navigate({ to: '/inbox/$view/$conversation', params: { view: 'mine', conversation: row.id }, search: {} });
    } catch (error) {
      toastProblem(t, t(taken ? 'offer.notTaken' : 'offer.notDeclined'), error);
      void client.invalidateQueries({ queryKey: keys.lists });
    } finally {
      setBusy(false);
    }
  };
  useKeys(t('offer.keys'), [
    { keys: 'Shift A', label: t('offer.accept'), run: () => void answer(true) },
    { keys: 'Shift D', label: t('offer.decline'), run: () => void answer(false) },
  ]);
  const name = row.contact.name || row.contact.address || '';
  useEffect(() => notify(t('offer.told', { name }), row.last_text ?? '', row.id), [t, name, row.id, row.last_text]);
  return (
    <section className={classes.offer} aria-label={t('offer.label')} data-testid="offer">
      <div className={classes.offerTop}>
        <strong><bdi>{name}</bdi></strong>
        <span className={classes.left} role="timer" aria-live="off">{t('offer.left', { count: Math.ceil(left / 1000) })}</span>
      </div>
      <div className={classes.offerMeta}>
        <ChannelIcon kind={row.channel?.kind ?? 'sms'} size={13} />
        {row.queue && <span>{row.queue.name}</span>}
        {row.intent && <span>{intentName(row.intent)}</span>}
        {row.priority > 0 && <span className={classes.urgent}><IconFlag3 size={13} aria-hidden />{t(`priority.${row.priority}`)}</span>}
      </div>
      <p className={classes.offerText} dir="auto">{row.last_text}</p>
      <div className={classes.offerBar} aria-hidden><span style={{ inlineSize: `${whole > 0 ? (100 * left) / whole : 0}%` }} data-late={left < 8000 || undefined} /></div>
      <div className={classes.offerActions}>
        <Button size="sm" loading={busy} onClick={() => void answer(true)} rightSection={<kbd>{t('offer.acceptKey')}</kbd>}>{t('offer.accept')}</Button>
        <Button size="sm" variant="default" disabled={busy} onClick={() => void answer(false)} rightSection={<kbd>{t('offer.declineKey')}</kbd>}>{t('offer.decline')}</Button>
        {more > 0 && <span className={classes.more}>{t('offer.more', { count: more })}</span>}
      </div>
      <p className="visually-hidden" role="status">{t('offer.said', { name, queue: row.queue?.name ?? '' })}</p>
    </section>
  );
}

/** What this person is asked to take, whatever page they are on. */
export default function OfferCard() {
  const { data } = useInfiniteQuery(listQuery({ view: 'offered', search: '' }));
  const { data: calls } = useQuery(liveCallsQuery);
  // Who rings is answered in the call's own panel.
  const ringing = new Set((calls?.items ?? []).filter(({ phase }) => WAITING.includes(phase)).map((call) => call.conversation_id));
  const rows = (data?.pages.flatMap((page) => page.items) ?? []).filter((row) => !ringing.has(row.id));
  const first = rows.toSorted((one, other) => (one.offer?.until ?? '').localeCompare(other.offer?.until ?? ''))[0];
  return first ? <Offer key={first.id} row={first} more={rows.length - 1} /> : null;
}

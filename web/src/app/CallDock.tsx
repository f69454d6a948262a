import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { IconEar, IconPhoneIncoming } from '@tabler/icons-react';
import { useNavigate } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { liveCallsQuery, phoneQuery } from '../api/calls';
import type { DeskCall } from '../api/types';
import classes from './call.module.css';
import { CallPanel } from './CallPanel';
import { clock, useSeconds } from './callClock';
import { useKeys } from './keyboard';
import { standing } from './liveCalls';
import { PhoneDialog } from './PhoneDialog';
import { phoneOpen } from './phoneOpen';
import { useMe } from './session';
import { createStore, useStore } from './store';
import { useCall } from './useCall';

/** Calls that are over and were put away. */
const forgotten = createStore<ReadonlySet<string>>(new Set());
const forget = (id: string): void => forgotten.set(new Set([...forgotten.get(), id]));

const nameOf = (call: DeskCall): string => call.contact.name || call.contact.address;

function Ringing({ call, more }: { call: DeskCall; more: number }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const { data: phone } = useQuery(phoneQuery);
  const waited = useSeconds(call.waited_from);
  const { act, busy } = useCall(call);
  const back = call.phase === 'callback';
  const answer = (): void => {
    if (phone?.address === '') {
      phoneOpen.set(true);
      return;
    }
    void act('answer').then((done) => {
      if (done) void navigate({ to: '/inbox/$view/$conversation', params: { view: 'mine', conversation: call.conversation_id }, search: {} });
    });
  };
  const decline = (): void => void act('decline');
  useKeys(t('call:keys'), [
    { keys: 'Shift A', label: t('call:answer'), run: answer },
    { keys: 'Shift D', label: t('call:decline'), run: decline },
  ]);
  const said = t(back ? 'call:callback' : 'call:incoming', { name: nameOf(call) });
  return (
    <section className={classes.dock} data-rings aria-label={t('call:label')} data-testid="call-ringing">
      <div className={classes.top}>
        <strong><IconPhoneIncoming size={17} aria-hidden /> <bdi>{said}</bdi></strong>
      </div>
      <div className={classes.meta}>
        {call.queue && <span>{call.queue.name}</span>}
        <span dir="ltr">{call.contact.address}</span>
        <span>{t('call:waited', { time: clock(waited) })}</span>
      </div>
      {call.note && <p className={classes.note}>{t('call:noteFrom', { note: call.note })}</p>}
      {phone?.address === '' && <p className={classes.note}>{t('call:phone.needed')}</p>}
      <div className={classes.actions}>
        <Button size="sm" loading={busy === 'answer'} onClick={answer} rightSection={<kbd>{t('call:answerKey')}</kbd>}>
          {t(phone?.address === '' ? 'call:phone.set' : back ? 'call:callBack' : 'call:answer')}
        </Button>
        <Button size="sm" variant="default" loading={busy === 'decline'} onClick={decline} rightSection={<kbd>{t('call:declineKey')}</kbd>}>{t('call:decline')}</Button>
        {more > 0 && <span className={classes.more}>{t('offer.more', { count: more })}</span>}
      </div>
      <p className="visually-hidden" role="status">{said}</p>
    </section>
  );
}

function Hearing({ call }: { call: DeskCall }) {
  const { t } = useTranslation();
  const { act, busy } = useCall(call);
  return (
    <section className={classes.dock} aria-label={t('call:label')} data-testid="call-listening">
      <div className={classes.top}><strong><IconEar size={17} aria-hidden /> {t('call:listening', { agent: call.agent?.name ?? '', name: nameOf(call) })}</strong></div>
      <div className={classes.actions}><Button size="sm" variant="default" loading={busy === 'stop'} onClick={() => void act('stop')}>{t('call:stop')}</Button></div>
    </section>
  );
}

/** The person's phone at the desk, whatever page they are on: what rings for them, whom they talk with. */
export default function CallDock() {
  const me = useMe();
  const { data } = useQuery(liveCallsQuery);
  const away = useStore(forgotten);
  const dialog = useStore(phoneOpen);
  const { mine, ringing, heard } = standing(data?.items ?? [], me.user?.id ?? '', away);
  const busy = mine !== undefined && mine.phase !== 'ended';
  return (
    <>
      {mine && (busy || ringing.length === 0) && <CallPanel key={mine.id} call={mine} onForget={() => forget(mine.id)} />}
      {!busy && ringing[0] && <Ringing key={ringing[0].id} call={ringing[0]} more={ringing.length - 1} />}
      {!mine && !ringing[0] && heard && <Hearing call={heard} />}
      {dialog && <PhoneDialog onClose={() => phoneOpen.set(false)} />}
    </>
  );
}

import { ActionIcon, Button, Tooltip } from '@mantine/core';
import { IconArrowForwardUp, IconDialpad, IconMicrophone, IconMicrophoneOff, IconPhone, IconPhoneOff, IconPlayerPause, IconPlayerPlay, IconPlayerRecordFilled, IconX } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { recordingOf } from '../api/calls';
import type { DeskCall } from '../api/types';
import { wrapUpsQuery } from '../api/wrapUps';
import classes from './call.module.css';
import { clock, useSeconds } from './callClock';
import { CallLog } from './CallLog';
import { CallTransfer } from './CallTransfer';
import { closing } from './closing';
import { useKeys } from './keyboard';
import { Keypad } from './Keypad';
import { Transcript } from './Transcript';
import { useMe } from './session';
import { type CallActions, useCall } from './useCall';

type Open = 'keypad' | 'transfer' | null;

function Doing({ call, asked }: { call: DeskCall; asked: boolean }) {
  const { t } = useTranslation();
  const since = useSeconds(call.answered_at ?? call.since, call.ended_at);
  const words = asked ? t('call:phase.asked', { name: call.agent?.name ?? '' })
    : call.phase === 'consulting' && !call.consulted_up ? t('call:phase.consultingRings', { name: call.consulted?.name ?? '' })
      : t(`call:phase.${call.phase}`, { name: call.consulted?.name ?? '', number: call.forward ?? '' });
  return (
    <p className={classes.state} data-phase={call.phase} data-testid="call-phase">
      <span role="status">{words}</span>
      {call.answered_at && <span role="timer" aria-live="off" className={classes.clock}>{clock(since)}</span>}
    </p>
  );
}

interface Tool { icon: typeof IconPhone; label: string; key?: string; on?: boolean; run: () => void; name: string }

function Tools({ call, actions, open, setOpen }: { call: DeskCall; actions: CallActions; open: Open; setOpen: (open: Open) => void }) {
  const { t } = useTranslation();
  const held = call.phase === 'held';
  const talks = call.phase === 'connected';
  const toggle = (what: Open): void => setOpen(open === what ? null : what);
  const hold = (): void => void actions.act(held ? 'resume' : 'hold');
  const mute = (): void => void actions.mute(!call.muted);
  const tools: Tool[] = [
    ...(talks || held ? [{ icon: held ? IconPlayerPlay : IconPlayerPause, label: t(held ? 'call:resume' : 'call:hold'), key: 'Shift H', on: held, run: hold, name: held ? 'resume' : 'hold' }] : []),
    ...(talks || held ? [{ icon: call.muted ? IconMicrophoneOff : IconMicrophone, label: t(call.muted ? 'call:unmute' : 'call:mute'), key: 'Shift M', on: call.muted, run: mute, name: 'mute' }] : []),
    ...(talks ? [{ icon: IconDialpad, label: t('call:keypad'), key: 'Shift P', on: open === 'keypad', run: () => toggle('keypad'), name: 'keypad' }] : []),
    ...(talks || held ? [{ icon: IconArrowForwardUp, label: t('call:transfer'), key: 'Shift T', on: open === 'transfer', run: () => toggle('transfer'), name: 'transfer' }] : []),
  ];
  useKeys(t('call:keys'), [
    ...tools.map(({ key = '', label, run }) => ({ keys: key, label, run })),
    { keys: 'Shift E', label: t('call:keyHangUp'), run: () => void actions.act('end') },
  ]);
  return (
    <div className={classes.tools}>
      {tools.map(({ icon: Icon, label, key, on, run, name }) => (
        <Tooltip key={name} label={`${label} (${(key ?? '').replace('Shift ', '⇧')})`}>
          <ActionIcon size={40} radius="xl" variant={on ? 'filled' : 'default'} aria-label={label} aria-pressed={on} loading={actions.busy === name} onClick={run}><Icon size={19} aria-hidden /></ActionIcon>
        </Tooltip>
      ))}
      <Button color="red.9" radius="xl" leftSection={<IconPhoneOff size={17} aria-hidden />} loading={actions.busy === 'end'} onClick={() => void actions.act('end')}>{t('call:hangUp')}</Button>
    </div>
  );
}

/** That the call is recorded or written down, its words as they are said, and its sound when it is over. */
function Kept({ call, over, name }: { call: DeskCall; over: boolean; name: string }) {
  const { t } = useTranslation();
  if (!call.kept) return null;
  const what = call.recorded && call.transcribed ? 'both' : call.recorded ? 'recorded' : 'transcribed';
  return (
    <>
      {!over && (call.recorded || call.transcribed) && <p className={classes.kept} data-testid="call-kept"><IconPlayerRecordFilled size={13} aria-hidden /> {t(`call:kept.${what}`)}</p>}
      {call.transcribed && <Transcript callId={call.id} name={name} live={!over} />}
      {/* oxlint-disable-next-line jsx-a11y/media-has-caption -- its words stand above where they are written down */}
      {over && call.recording && <audio className={classes.sound} controls preload="none" src={recordingOf(call.id)} aria-label={t('call:kept.sound')} />}
      {over && call.recorded && !call.recording && <p className={classes.kept}>{t('call:kept.soon')}</p>}
    </>
  );
}

/** The call that this person has on the phone. */
export function CallPanel({ call, onForget }: { call: DeskCall; onForget: () => void }) {
  const { t } = useTranslation();
  const me = useMe();
  const actions = useCall(call);
  const [open, setOpen] = useState<Open>(null);
  const own = call.agent?.id === me.user?.id;
  const over = call.phase === 'ended';
  const { data: codes } = useQuery(wrapUpsQuery);
  const wraps = over && (codes?.codes.length ?? 0) > 0;
  const name = call.contact.name || call.contact.address;
  return (
    <section className={classes.dock} aria-label={t('call:label')} data-testid="call-panel" data-over={over || undefined}>
      <div className={classes.top}>
        <strong><IconPhone size={17} aria-hidden /> <bdi>{name}</bdi></strong>
        {over && <ActionIcon variant="subtle" color="gray" aria-label={t('action.close')} onClick={onForget}><IconX size={17} aria-hidden /></ActionIcon>}
      </div>
      <Doing call={call} asked={!own && !over} />
      {call.note && <p className={classes.note}>{t('call:noteFrom', { note: call.note })}</p>}
      {call.listeners.length > 0 && <p className={classes.note}>{t('call:listeners', { names: call.listeners.map((one) => one.name).join(', ') })}</p>}
      {own && !over && call.phase !== 'consulting' && <Tools call={call} actions={actions} open={open} setOpen={setOpen} />}
      {own && call.phase === 'consulting' && (
        <div className={classes.actions}>
          {call.consulted_up && <Button size="sm" loading={actions.busy === 'complete'} onClick={() => void actions.act('complete')}>{t('call:complete')}</Button>}
          <Button size="sm" variant="default" loading={actions.busy === 'cancel'} onClick={() => void actions.act('cancel')}>{t('call:cancelTransfer')}</Button>
        </div>
      )}
      {own && open === 'keypad' && call.phase === 'connected' && <Keypad onPress={actions.press} />}
      {own && open === 'transfer' && !over && call.phase !== 'consulting' && <CallTransfer busy={actions.busy === 'transfer'} onTransfer={(to) => void actions.transfer(to).then((done) => done && setOpen(null))} onCancel={() => setOpen(null)} />}
      <Kept call={call} over={over} name={name} />
      <CallLog log={call.log} />
      <div className={classes.foot}>
        <Link to="/inbox/$view/$conversation" params={{ view: 'mine', conversation: call.conversation_id }} search={{}} onClick={() => wraps && closing.set(call.conversation_id)}>{t(wraps ? 'call:wrapUp' : 'call:open')}</Link>
      </div>
    </section>
  );
}

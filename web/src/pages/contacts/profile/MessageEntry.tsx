import { IconChevronDown } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { ContactDetail, Step, TimelineEntry } from '../../../api/contactTypes';
import { useMe } from '../../../app/session';
import { ChannelIcon } from '../../../ui/ChannelIcon';
import { Status } from '../../../ui/Status';
import { absoluteTime, dayKey, exactTime } from '../../../ui/time';
import { intentName } from '../../../ui/words';
import { TONES } from '../../../ui/MessageWay/MessageWay';
import { titleOf } from '../words';
import classes from './timeline.module.css';
import { actorWords, callOf, priceOf } from './timelineWords';

const text = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null);
const nameOf = (value: unknown): string | null => (typeof value === 'object' && value !== null && 'name' in value ? text(value.name) : null);

/** How far a message came, step by step, with the time of each. */
function Steps({ steps }: { steps: Step[] }) {
  const { t } = useTranslation('contacts');
  const me = useMe();
  const zone = me.tenant.time_zone;
  const first = steps[0];
  const time = (at: string): string => (first && dayKey(first.at, zone) === dayKey(at, zone) ? exactTime(at, zone) : absoluteTime(at, zone));
  return (
    <ol className={classes.steps}>
      {steps.map((step) => (
        <li key={`${step.status} ${step.at}`} data-tone={TONES[step.status] ?? 'neutral'}>
          <span>{t(`state.${step.status}`, step.status)}</span>
          <time dateTime={step.at} title={absoluteTime(step.at, zone)}>{time(step.at)}</time>
        </li>
      ))}
    </ol>
  );
}

/** A message with what became of it, on whichever channel it went. */
export function MessageBody({ entry, contact }: { entry: TimelineEntry; contact: ContactDetail }) {
  const { t } = useTranslation('contacts');
  const [opened, setOpened] = useState(false);
  const { data } = entry;
  const incoming = data.direction === 'in';
  const kind = text(data.channel_kind) ?? 'sms';
  const status = text(data.status) ?? '';
  const steps = Array.isArray(data.steps) ? (data.steps as Step[]) : [];
  const price = priceOf(data);
  const call = callOf(data);
  const campaign = nameOf(data.campaign);
  const reason = text(data.reason);
  const name = titleOf(contact);
  return (
    <>
      <p className={classes.said}>
        <strong><bdi>{incoming ? name : campaign ?? nameOf(data.flow) ?? actorWords(t, entry, name)}</bdi></strong>
        <span className={classes.via}><ChannelIcon kind={kind} size={14} />{t(incoming ? 'said.wroteOn' : 'said.sentOn', { channel: t(`common:channel.${kind}`, kind) })}</span>
        {campaign && <span className={classes.small}>{t('said.byCampaign')}</span>}
        {nameOf(data.flow) && <span className={classes.small}>{t('said.byFlow')}</span>}
      </p>
      <div className={classes.message} data-in={incoming || undefined} dir="auto">{text(data.body) ?? <span className={classes.small}>{t(data.body === null ? 'said.hidden' : 'said.noText')}</span>}</div>
      <div className={classes.meta}>
        {!incoming && status && (
          <button type="button" className={classes.state} aria-expanded={opened} disabled={steps.length === 0} onClick={() => setOpened((open) => !open)}>
            <Status tone={TONES[status] ?? 'neutral'}>{t(`state.${status}`, status)}</Status>
            {steps.length > 0 && <IconChevronDown size={14} aria-hidden />}
            <span className="visually-hidden">{t('said.steps')}</span>
          </button>
        )}
        {reason && <span>{t(`reason.${reason}`, reason)}</span>}
        {price && <span>{price}</span>}
        {call?.length && <span>{t('said.callLength', { length: call.length })}</span>}
        {call?.recording && <a href={call.recording} download>{t('said.recording')}</a>}
        {incoming && text(data.intent) && <span className={classes.intent}>{intentName(text(data.intent) ?? '')}</span>}
      </div>
      {opened && <Steps steps={steps} />}
    </>
  );
}


import { IconArrowBounce } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { WholeMessage } from '../../api/types';
import { useMe } from '../../app/session';
import { ChannelIcon } from '../ChannelIcon';
import { formatMoney } from '../Money';
import { Status, type Tone } from '../Status';
import { absoluteTime, exactTime } from '../time';
import { legsOf, type PassedOver, type Tried } from './way';
import classes from './messageWay.module.css';

/** Tones of delivery states. */
export const TONES: Record<string, Tone> = {
  queued: 'neutral', sending: 'progress', sent: 'info', delivered: 'success', read: 'read', unknown: 'warning', expired: 'warning', undelivered: 'danger', failed: 'danger', refused: 'human',
};

function Passed({ leg }: { leg: PassedOver }) {
  const { t } = useTranslation('inbox');
  return (
    <li className={classes.passed}>
      <IconArrowBounce size={15} aria-hidden />
      <span>{t('way.passedOver', { channel: t(`common:channel.${leg.channel}`, leg.channel) })} {leg.detail || t(`reason.${leg.reason}`, leg.reason)}</span>
    </li>
  );
}

function Why({ leg }: { leg: Tried }) {
  const { t } = useTranslation('inbox');
  const { reason, detail, error_code: code } = leg.attempt;
  if (!reason && !detail && !code) return null;
  return (
    <p className={classes.why}>
      {reason && <span>{t(`reason.${reason}`, reason)}</span>}
      {detail && detail !== reason && <span>{detail}</span>}
      {code && <span>{t('way.code', { code })}</span>}
    </p>
  );
}

function Try({ leg }: { leg: Tried }) {
  const { t } = useTranslation('inbox');
  const me = useMe();
  const { attempt } = leg;
  const price = Number(attempt.price) > 0 && attempt.currency ? formatMoney(attempt.price, attempt.currency, 4) : null;
  return (
    <li className={classes.leg} data-status={attempt.status}>
      <div className={classes.legHead}>
        <ChannelIcon kind={attempt.channel_kind} size={16} />
        <strong>{t(`common:channel.${attempt.channel_kind}`)}</strong>
        {attempt.channel && <bdi className={classes.line}>{attempt.channel.name}</bdi>}
        <Status tone={TONES[attempt.status] ?? 'neutral'}>{t(`state.${attempt.status}`, attempt.status)}</Status>
      </div>
      <ol className={classes.steps}>
        {leg.steps.map((step) => (
          <li key={step.state} data-state={step.state}>
            <span>{t(`state.${step.state}`, step.state)}</span>
            <time dateTime={step.at} title={absoluteTime(step.at, me.tenant.time_zone)}>{exactTime(step.at, me.tenant.time_zone)}</time>
          </li>
        ))}
      </ol>
      <Why leg={leg} />
      <div className={classes.facts}>
        <span dir="ltr">{attempt.address}</span>
        {attempt.channel_kind === 'sms' && <span>{t('thread.parts', { count: attempt.parts })}</span>}
        {price && <span>{price}</span>}
      </div>
    </li>
  );
}

/** The way of a message over its channels: every attempt with its states, times, code, words and price. */
export function MessageWay({ message }: { message: WholeMessage }) {
  const { t } = useTranslation('inbox');
  const several = message.attempts.length > 1;
  return (
    <div className={classes.way}>
      <ol className={classes.legs} aria-label={t('way.label')}>
        {legsOf(message).map((leg) => (leg.kind === 'passedOver' ? <Passed key={leg.key} leg={leg} /> : <Try key={leg.key} leg={leg} />))}
      </ol>
      {message.waiting && <p className={classes.note}>{t('way.waiting')}</p>}
      {several && message.currency && <p className={classes.note}>{t('way.total', { price: formatMoney(message.price, message.currency, 4) })}</p>}
    </div>
  );
}

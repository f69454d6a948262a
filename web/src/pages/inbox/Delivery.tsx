import { IconAlertCircle, IconBan, IconCheck, IconChecks, IconClock, IconEye, IconHourglassEmpty, IconLoader2, IconQuestionMark, IconX, type Icon } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { Message } from '../../api/types';
import { useMe } from '../../app/session';
import { Status } from '../../ui/Status';
import { absoluteTime } from '../../ui/time';
import { isTrouble, nextAction, TONES } from './deliveryWords';
import classes from './thread.module.css';

const ICONS: Record<string, Icon> = {
  queued: IconClock, sending: IconLoader2, sent: IconCheck, delivered: IconChecks, read: IconEye, unknown: IconQuestionMark, expired: IconHourglassEmpty, undelivered: IconX, failed: IconAlertCircle, refused: IconBan,
};

/** Where an outbound message is, as icon and word; in trouble also why and what can be done. */
export function DeliveryState({ message }: { message: Message }) {
  const { t } = useTranslation('inbox');
  const me = useMe();
  const Glyph = ICONS[message.status] ?? IconClock;
  const at = message.read_at ?? message.delivered_at ?? message.failed_at ?? message.sent_at;
  const word = t(`state.${message.status}`, message.status);
  const title = at ? absoluteTime(at, me.tenant.time_zone) : undefined;
  if (isTrouble(message.status)) return <Status tone={TONES[message.status] ?? 'danger'} icon={<Glyph size={13} aria-hidden />} title={title}>{word}</Status>;
  return (
    <span className={classes.delivery} data-state={message.status} title={title}>
      <Glyph size={14} stroke={2} aria-hidden />
      {word}
    </span>
  );
}

/** Below a bubble that did not arrive: the reason in plain words and the next best action. */
export function Trouble({ message }: { message: Message }) {
  const { t } = useTranslation('inbox');
  if (!isTrouble(message.status)) return null;
  const reason = message.reason ? t(`reason.${message.reason}`, message.reason) : message.error_code ? t('reason.code', { code: message.error_code }) : null;
  const action = nextAction(message.status, message.reason);
  if (!reason && !action) return null;
  return (
    <div className={classes.trouble}>
      {reason && <span>{reason}</span>} {action && <span>{t(`next.${action}`)}</span>}
    </div>
  );
}

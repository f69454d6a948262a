import { IconAlertCircle, IconBan, IconCheck, IconChecks, IconClock, IconEye, IconHourglassEmpty, IconLoader2, IconQuestionMark, IconX, type Icon } from '@tabler/icons-react';
import { Popover } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { messageQuery } from '../../api/channels';
import type { Message } from '../../api/types';
import { useMe } from '../../app/session';
import { MessageWay, TONES } from '../../ui/MessageWay/MessageWay';
import { ProblemAlert } from '../../ui/ProblemAlert';
import { Status } from '../../ui/Status';
import { absoluteTime } from '../../ui/time';
import { isTrouble, nextAction } from './deliveryWords';
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

function Way({ messageId }: { messageId: string }) {
  const { data, error, refetch } = useQuery(messageQuery(messageId));
  if (error && !data) return <ProblemAlert error={error} onRetry={() => void refetch()} />;
  return data ? <MessageWay message={data} /> : <div className="skeleton" style={{ height: 96 }} aria-busy />;
}

/** The delivery mark; it opens the message's whole way over its channels. */
export function Delivery({ message }: { message: Message }) {
  const { t } = useTranslation('inbox');
  const [opened, setOpened] = useState(false);
  return (
    <Popover opened={opened} onChange={setOpened} position="top-end" width={360} withArrow trapFocus returnFocus>
      <Popover.Target>
        <button type="button" className={classes.mark} title={t('way.open')} onClick={() => setOpened((was) => !was)}><DeliveryState message={message} /></button>
      </Popover.Target>
      <Popover.Dropdown className={classes.way} aria-label={t('way.open')}>
        {opened && <Way messageId={message.id} />}
      </Popover.Dropdown>
    </Popover>
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

import { IconRobot, IconSpeakerphone } from '@tabler/icons-react';
import { memo } from 'react';
import { useTranslation } from 'react-i18next';
import type { Message } from '../../api/types';
import { useMe } from '../../app/session';
import { formatMoney } from '../../ui/Money';
import { absoluteTime, clockTime } from '../../ui/time';
import { contentOf } from '../../ui/RichContent/content';
import { RichContent } from '../../ui/RichContent/RichContent';
import { Delivery, Trouble } from './Delivery';
import { IntentChip } from './IntentChip';
import classes from './thread.module.css';

function Author({ message, name }: { message: Message; name: string }) {
  const { t } = useTranslation('inbox');
  if (message.direction === 'in') return <bdi>{name}</bdi>;
  if (message.origin === 'agent') return <bdi>{message.author?.name ?? t('thread.team')}</bdi>;
  const Glyph = message.origin === 'campaign' ? IconSpeakerphone : IconRobot;
  return (
    <span className={classes.automatic}>
      <Glyph size={13} aria-hidden />
      {t(`origin.${message.origin}`, message.origin)}
    </span>
  );
}

interface BubbleProps { message: Message; first: boolean; last: boolean; name: string }

/** One message. The direction of its text is found by the browser for each bubble. */
export const MessageBubble = memo(function MessageBubble({ message, first, last, name }: BubbleProps) {
  const { t } = useTranslation('inbox');
  const me = useMe();
  const out = message.direction === 'out';
  const automatic = out && message.origin !== 'agent';
  const zone = me.tenant.time_zone;
  const refused = message.status === 'refused';
  const content = contentOf(message.content);
  return (
    <li className={classes.row} data-out={out || undefined} data-first={first || undefined} data-message={message.id} data-status={message.status}>
      {first && <div className={classes.author}><Author message={message} name={name} /></div>}
      <div className={classes.bubble} data-kind={automatic ? 'automatic' : out ? 'out' : 'in'} data-refused={refused || undefined} data-rich={content ? content.type : undefined} dir="auto">{content ? <RichContent content={content} body={message.body} messageId={message.id} out={out} /> : message.body}</div>
      <div className={classes.meta}>
        {(last || message.intent) && <time dateTime={message.created_at} title={absoluteTime(message.created_at, zone)}>{clockTime(message.created_at, zone)}</time>}
        {out && <Delivery message={message} />}
        {out && !refused && message.currency && Number(message.price) > 0 && last && (
          <span title={t('thread.parts', { count: message.parts ?? 1 })}>{formatMoney(message.price, message.currency, 4)}</span>
        )}
        {!out && <IntentChip message={message} />}
      </div>
      {out && <Trouble message={message} />}
    </li>
  );
});

/** A thread as what is drawn: messages with dividers where the day or the channel changes. */
import type { Message } from '../../api/types';
import { dayKey } from '../../ui/time';

export type TimelineItem =
  | { kind: 'day'; key: string; at: string }
  | { kind: 'channel'; key: string; channel: string }
  | { kind: 'message'; key: string; message: Message; first: boolean; last: boolean };

const GROUP_MS = 5 * 60_000;

const together = (a: Message | undefined, b: Message | undefined): boolean =>
  a !== undefined && b !== undefined && a.direction === b.direction && a.origin === b.origin && a.channel_kind === b.channel_kind && a.author?.id === b.author?.id
  && Math.abs(Date.parse(b.created_at) - Date.parse(a.created_at)) < GROUP_MS;

/** Oldest first. `first` and `last` mark the ends of a run of messages of one writer within five minutes. */
export function timeline(messages: Message[], zone: string): TimelineItem[] {
  const items: TimelineItem[] = [];
  let previous: Message | undefined;
  messages.forEach((message, at) => {
    const newDay = !previous || dayKey(previous.created_at, zone) !== dayKey(message.created_at, zone);
    const newChannel = previous !== undefined && previous.channel_kind !== message.channel_kind;
    if (newDay) items.push({ kind: 'day', key: `day ${message.id}`, at: message.created_at });
    if (newChannel) items.push({ kind: 'channel', key: `channel ${message.id}`, channel: message.channel_kind });
    const next = messages[at + 1];
    const apart = newDay || newChannel || !together(previous, message);
    items.push({ kind: 'message', key: message.id, message, first: apart, last: !together(message, next) });
    previous = message;
  });
  return items;
}

/** Says when a conversation misses a target of its service level: to whoever has it, and to those who run the queues. */
import type { QueryClient } from '@tanstack/react-query';
import type { TFunction } from 'i18next';
import { keys } from '../api/keys';
import { can } from '../api/permissions';
import type { Conversation, LiveEvent, Me } from '../api/types';
import { toast } from '../ui/toast';

const SHOWN_MS = 8_000;

export function sayBreaches(t: TFunction, client: QueryClient, me: Me, events: LiveEvent[]): void {
  for (const event of events) {
    if (event.type !== 'conversation.breached') continue;
    const row = client.getQueryData<Conversation>(keys.conversation(event.conversation_id));
    if (row?.assignee?.id !== me.user?.id && !can(me, 'writeQueues')) continue;
    // One a conversation: many that are late at once must not bury the screen.
    toast(t(`breach.${event.target}`, { name: row?.contact.name || row?.contact.address || t('breach.somebody') }), { id: `breach ${event.conversation_id}`, ms: SHOWN_MS });
  }
}

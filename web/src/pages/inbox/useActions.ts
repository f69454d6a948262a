/** What a person does to a conversation. Cheap, reversible things are shown at once and taken back when refused. */
import { useQueryClient } from '@tanstack/react-query';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { keys } from '../../api/keys';
import type { Conversation } from '../../api/types';
import { handBack, setPriority, snooze, tagConversation, waitForContact } from '../../api/desk';
import { assign, close, passOn, reopen } from '../../api/writes';
import { putConversation } from '../../app/liveCache';
import { useMe } from '../../app/session';
import { endUndo, toast, toastProblem, toastUndo } from '../../ui/toast';

interface Named { id: string; name: string }

export interface ConversationActions {
  /** `note`: for whoever gets it. */
  assign: (row: Conversation, to: Named | null, note?: string) => void;
  transfer: (row: Conversation, to: Named, note?: string) => void;
  /** The journey takes the contact on; people are done. */
  passIntoFlow: (row: Conversation, to: Named, note?: string) => void;
  /** `wrapUp`: one of the tenant's codes. */
  close: (row: Conversation, wrapUp?: string) => void;
  /** Into the journeys that wait for it. `outcome`: goes along to them. */
  handBack: (row: Conversation, outcome: string) => void;
  reopen: (row: Conversation) => void;
  snooze: (row: Conversation, until: string) => void;
  waitForContact: (row: Conversation) => void;
  setPriority: (row: Conversation, priority: number) => void;
  /** All tags that it is to have. */
  tag: (row: Conversation, tags: string[]) => void;
}

export function useActions(): ConversationActions {
  const client = useQueryClient();
  const me = useMe();
  const { t } = useTranslation('inbox');
  return useMemo(() => {
    const put = (row: Conversation): void => putConversation(client, row, me.user?.id);
    const now = (row: Conversation): Conversation => client.getQueryData<Conversation>(keys.conversation(row.id)) ?? row;
    const act = async (row: Conversation, change: Partial<Conversation>, call: () => Promise<Conversation>, failed: string): Promise<boolean> => {
      const before = now(row);
      endUndo();
      put({ ...before, ...change });
      try {
        put(await call());
        void client.invalidateQueries({ queryKey: keys.counts });
        return true;
      } catch (error) {
        put({ ...before, version: now(row).version });
        toastProblem(t, failed, error);
        return false;
      }
    };
    const assignTo = (row: Conversation, to: Named | null): void => void act(row, { assignee: to }, () => assign(row.id, to?.id ?? null), t('action.assignFailed'));
    const moveBack = async (row: Conversation, queue: Named, assignee: Named | null): Promise<void> => {
      if (await act(row, { queue }, () => passOn(row.id, { queue_id: queue.id }, ''), t('action.transferFailed')) && assignee) assignTo(row, assignee);
    };
    const prioritize = (row: Conversation, priority: number): Promise<boolean> => act(row, { priority }, () => setPriority(row.id, priority), t('rest.priorityFailed'));
    const retag = (row: Conversation, tags: string[]): Promise<boolean> => {
      const had = now(row).tags;
      const add = tags.filter((tag) => !had.includes(tag));
      const remove = had.filter((tag) => !tags.includes(tag));
      return act(row, { tags }, () => tagConversation(row.id, add, remove), t('tags.failed')).finally(() => void client.invalidateQueries({ queryKey: keys.conversationTags }));
    };
    const reopenNow = (row: Conversation): void => void act(row, { status: 'open', closed_at: null }, () => reopen(row.id), t('action.reopenFailed'));
    return {
      assign: (row, to, note = '') => {
        const before = now(row).assignee;
        if (before?.id === to?.id) return;
        void act(row, { assignee: to }, () => (to && note ? passOn(row.id, { assignee_id: to.id }, note) : assign(row.id, to?.id ?? null)), t('action.assignFailed'))
          .then((done) => done && toastUndo(to ? t('action.assigned', { name: to.name }) : t('action.unassigned'), () => assignTo(row, before)));
      },
      transfer: (row, to, note = '') => {
        const { queue, assignee } = now(row);
        void act(row, { queue: { id: to.id, name: to.name } }, () => passOn(row.id, { queue_id: to.id }, note), t('action.transferFailed')).then((done) => {
          if (!done) return;
          if (queue) toastUndo(t('action.transferred', { queue: to.name }), () => void moveBack(row, queue, assignee));
          else toast(t('action.transferred', { queue: to.name }));
        });
      },
      passIntoFlow: (row, to, note = '') => void act(row, { status: 'closed' }, () => passOn(row.id, { flow_id: to.id }, note), t('action.transferFailed'))
        .then((done) => done && toast(t('action.transferred', { queue: to.name }))),
      close: (row, wrapUp) => void act(row, { status: 'closed' }, () => close(row.id, wrapUp), t('action.closeFailed')).then((done) => {
        if (!done) return;
        toastUndo(t('action.closed', { name: row.contact.name || row.contact.address }), () => reopenNow(row));
      }),
      handBack: (row, outcome) => void act(row, {}, () => handBack(row.id, outcome), t('back.failed')).then((done) => done && toast(t('back.done'))),
      reopen: reopenNow,
      snooze: (row, until) => void act(row, { status: 'snoozed', snoozed_until: until }, () => snooze(row.id, until), t('rest.snoozeFailed'))
        .then((done) => done && toastUndo(t('rest.snoozed', { name: row.contact.name || row.contact.address }), () => reopenNow(row))),
      waitForContact: (row) => void act(row, { status: 'waiting' }, () => waitForContact(row.id), t('rest.waitFailed'))
        .then((done) => done && toastUndo(t('rest.waiting', { name: row.contact.name || row.contact.address }), () => reopenNow(row))),
      setPriority: (row, priority) => {
        const before = now(row).priority;
        void prioritize(row, priority).then((done) => done && toastUndo(t('rest.prioritySet', { priority: t(`common:priority.${priority}`) }), () => void prioritize(row, before)));
      },
      tag: (row, tags) => {
        const had = now(row).tags;
        void retag(row, tags).then((done) => done && had.some((tag) => !tags.includes(tag)) && toastUndo(t('tags.taken'), () => void retag(row, had)));
      },
    };
  }, [client, me, t]);
}

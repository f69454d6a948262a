import { Button, CloseButton, Menu } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { IconArrowsExchange, IconCheck, IconUserPlus } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { keys } from '../../api/keys';
import { toProblem, type Problem } from '../../api/problem';
import { queuesQuery } from '../../api/queries';
import { reassign, takeBack, type Holder } from '../../api/supervision';
import type { Conversation } from '../../api/types';
import { close, reopen } from '../../api/writes';
import { putConversation } from '../../app/liveCache';
import { useMe } from '../../app/session';
import { useStore } from '../../app/store';
import { toast, toastProblem, toastUndo } from '../../ui/toast';
import { chooseNone, chosen } from './chosen';
import classes from './inbox.module.css';
import { AgentName, Choices } from './PassMenus';
import { usePeople } from './people';
import thread from './thread.module.css';

const AT_ONCE = 6;

interface Outcome { done: string[]; failed: string[]; why: unknown }

/** The problem document of one of many, as if it were an answer of its own. */
const within = (found: Record<string, unknown> | null | undefined): Problem => toProblem(new Response(null, { status: Number(found?.status ?? 500) }), found);

/** Does it with each, a few at a time; one that fails stops no other. */
async function each(ids: readonly string[], act: (id: string) => Promise<unknown>, onStep: (count: number) => void): Promise<Outcome> {
  const outcome: Outcome = { done: [], failed: [], why: null };
  const waiting = [...ids];
  const work = async (): Promise<void> => {
    for (let id = waiting.shift(); id !== undefined; id = waiting.shift()) {
      try {
        await act(id);
        outcome.done.push(id);
      } catch (error) {
        outcome.failed.push(id);
        outcome.why = error;
      }
      onStep(outcome.done.length + outcome.failed.length);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return outcome;
}

function useBulk(rows: readonly Conversation[]) {
  const { t } = useTranslation('inbox');
  const client = useQueryClient();
  const me = useMe();
  const [step, setStep] = useState<number | null>(null);
  const ids = rows.map((row) => row.id);
  /** What failed stays chosen, and the reason of one of them is said. */
  const tell = ({ done, failed, why }: Outcome, words: string, undo: () => Promise<void>): void => {
    chosen.set(failed);
    void client.invalidateQueries({ queryKey: keys.counts });
    if (failed.length > 0) toastProblem(t, t('bulk.failed', { count: failed.length }), why);
    if (done.length > 0) toastUndo(words, () => void undo().catch((error: unknown) => toastProblem(t, t('bulk.notUndone'), error)));
  };
  const run = async (doing: () => Promise<void>): Promise<void> => {
    setStep(0);
    try {
      await doing();
    } catch (error) {
      toastProblem(t, t('bulk.failed', { count: ids.length }), error);
    }
    setStep(null);
  };
  const give = (to: Holder): Promise<void> => run(async () => {
    const { items } = await reassign(ids, to);
    const failed = items.filter((item) => item.problem);
    const outcome: Outcome = { done: items.filter((item) => !item.problem).map((item) => item.id), failed: failed.map((item) => item.id), why: within(failed[0]?.problem) };
    tell(outcome, t('bulk.given', { count: outcome.done.length, name: to.name }), async () => {
      const count = await takeBack(client, rows.filter((row) => outcome.done.includes(row.id)), to);
      toast(t('bulk.back', { count }));
    });
  });
  const put = (row: Conversation): void => putConversation(client, row, me.user?.id);
  const closeAll = (): Promise<void> => run(async () => {
    const outcome = await each(ids, async (id) => put(await close(id)), setStep);
    tell(outcome, t('bulk.closed', { count: outcome.done.length }), async () => {
      const { done } = await each(outcome.done, async (id) => put(await reopen(id)), () => undefined);
      toast(t('bulk.back', { count: done.length }));
    });
  });
  return { step, give, closeAll };
}

/** What is done with all rows that are chosen. */
export default function BulkBar({ rows }: { rows: readonly Conversation[] }) {
  const { t } = useTranslation('inbox');
  const ids = useStore(chosen);
  const mine = rows.filter((row) => ids.includes(row.id));
  const { step, give, closeAll } = useBulk(mine);
  const [opened, setOpened] = useState<'assign' | 'transfer' | null>(null);
  const { people, error, retry } = usePeople(opened === 'assign');
  const queues = useQuery({ ...queuesQuery, enabled: opened === 'transfer' });
  const pick = (kind: Holder['kind']) => ({ id, name }: { id: string; name: string }): void => {
    setOpened(null);
    void give({ kind, id, name });
  };
  const busy = step !== null;
  return (
    <div className={classes.bulk} role="group" aria-label={t('bulk.label')}>
      <span role="status">{busy && step > 0 ? t('bulk.step', { step, count: mine.length }) : t('bulk.count', { count: mine.length })}</span>
      <CloseButton size={26} aria-label={t('bulk.none')} title={t('bulk.none')} onClick={chooseNone} />
      <Menu opened={opened === 'assign'} onChange={(open) => setOpened(open ? 'assign' : null)} width={260} position="bottom-start">
        <Menu.Target><Button size="xs" variant="default" disabled={busy} leftSection={<IconUserPlus size={14} aria-hidden />}>{t('action.assign')}</Button></Menu.Target>
        <Menu.Dropdown className={thread.menu}><Choices items={people} error={error} onRetry={retry} search={t('pass.searchPeople')} chosenId={undefined} Name={AgentName} onPick={pick('agent')} /></Menu.Dropdown>
      </Menu>
      <Menu opened={opened === 'transfer'} onChange={(open) => setOpened(open ? 'transfer' : null)} width={260} position="bottom-start">
        <Menu.Target><Button size="xs" variant="default" disabled={busy} leftSection={<IconArrowsExchange size={14} aria-hidden />}>{t('bulk.move')}</Button></Menu.Target>
        <Menu.Dropdown className={thread.menu}><Choices items={queues.data?.items} error={queues.error} onRetry={() => void queues.refetch()} search={t('pass.searchQueues')} chosenId={undefined} onPick={pick('queue')} /></Menu.Dropdown>
      </Menu>
      <Button size="xs" variant="default" loading={busy} leftSection={<IconCheck size={14} aria-hidden />} onClick={() => void closeAll()}>{t('action.close')}</Button>
    </div>
  );
}

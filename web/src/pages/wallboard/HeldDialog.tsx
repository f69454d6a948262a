import { Button, Modal, Select } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { keys } from '../../api/keys';
import { heldQuery, MOVED_MAX, reassign, takeBack, takeOver, type Holder } from '../../api/supervision';
import type { Conversation, Wallboard } from '../../api/types';
import { useMe } from '../../app/session';
import { ProblemAlert } from '../../ui/ProblemAlert';
import { clockTime } from '../../ui/time';
import { toast, toastProblem, toastUndo } from '../../ui/toast';
import classes from './wallboard.module.css';

const SHOWN = 50;

function Row({ row, onTaken }: { row: Conversation; onTaken: (row: Conversation) => void }) {
  const { t } = useTranslation('wallboard');
  const me = useMe();
  const name = row.contact.name || row.contact.address;
  const take = useMutation({
    mutationFn: () => takeOver(row.id, me.user?.id ?? ''),
    onSuccess: () => onTaken(row),
    onError: (error) => toastProblem(t, t('held.notTaken', { name }), error),
  });
  return (
    <li className={classes.held}>
      <span className={classes.heldWho}><bdi>{name}</bdi><small>{row.assignee ? t('held.has', { name: row.assignee.name }) : row.waiting_since && t('held.waits', { time: clockTime(row.waiting_since, me.tenant.time_zone) })}</small></span>
      <span className={classes.heldText}>{row.last_text}</span>
      {me.user && row.assignee?.id !== me.user.id && <Button variant="default" size="xs" aria-label={t('held.takeOverOf', { name })} loading={take.isPending} onClick={() => take.mutate()}>{t('held.takeOver')}</Button>}
    </li>
  );
}

function PassOn({ holder, rows, board, onDone }: { holder: Holder; rows: Conversation[]; board: Wallboard; onDone: () => void }) {
  const { t } = useTranslation('wallboard');
  const client = useQueryClient();
  const [to, setTo] = useState<string | null>(null);
  const others = [
    ...board.queues.map(({ id, name }): Holder => ({ kind: 'queue', id, name })),
    ...board.agents.filter((agent) => agent.kind === 'person').map(({ id, name }): Holder => ({ kind: 'agent', id, name })),
  ].filter((each) => each.id !== holder.id);
  const chosen = others.find((each) => each.id === to);
  const move = useMutation({
    mutationFn: (target: Holder) => reassign(rows.map((row) => row.id), target),
    onSuccess: (answer, target) => {
      const moved = t('held.moved', { count: answer.items.length - answer.failed, name: target.name });
      const went = new Set(answer.items.filter((item) => !item.problem).map((item) => item.id));
      const back = async (): Promise<void> => {
        try {
          const count = await takeBack(client, rows.filter((row) => went.has(row.id)), target);
          toast(t('held.back', { count }));
        } catch (error) {
          toastProblem(t, t('held.notBack'), error);
        }
        for (const queryKey of [keys.wallboard, keys.counts]) void client.invalidateQueries({ queryKey });
      };
      toastUndo(answer.failed > 0 ? `${moved}; ${t('held.stayed', { count: answer.failed })}` : moved, () => void back());
      onDone();
    },
  });
  const options = (kind: Holder['kind']) => others.filter((each) => each.kind === kind).map(({ id, name }) => ({ value: id, label: name }));
  return (
    <form className={classes.passOn} onSubmit={(event) => {
      event.preventDefault();
      if (chosen) move.mutate(chosen);
    }}>
      <Select
        searchable
        label={t('held.to', { count: rows.length })}
        placeholder={t('held.toPlaceholder')}
        description={rows.length >= MOVED_MAX ? t('held.most', { count: MOVED_MAX }) : undefined}
        data={[{ group: t('held.queues'), items: options('queue') }, { group: t('held.agents'), items: options('agent') }]}
        value={to}
        onChange={setTo}
      />
      <Button type="submit" disabled={!chosen} loading={move.isPending}>{t('held.do')}</Button>
      {move.error && <ProblemAlert error={move.error} />}
    </form>
  );
}

/** The open conversations of a queue or an agent: take one over, or pass all of them on. */
export function HeldDialog({ holder, board, onClose }: { holder: Holder; board: Wallboard; onClose: () => void }) {
  const { t } = useTranslation('wallboard');
  const client = useQueryClient();
  const navigate = useNavigate();
  const { data: rows, error, refetch } = useQuery(heldQuery(holder));
  const done = (): void => {
    void client.invalidateQueries({ queryKey: keys.wallboard });
    void client.invalidateQueries({ queryKey: keys.counts });
    onClose();
  };
  const taken = (row: Conversation): void => {
    done();
    toast(t('held.taken', { name: row.contact.name || row.contact.address }));
    void navigate({ to: '/inbox/$view/$conversation', params: { view: 'mine', conversation: row.id } });
  };
  return (
    <Modal opened onClose={onClose} size="lg" title={t('held.title', { name: holder.name })} closeButtonProps={{ 'aria-label': t('common:action.close') }}>
      {error && !rows && <ProblemAlert error={error} onRetry={() => void refetch()} />}
      {!rows && !error && <div aria-busy className="skeleton" style={{ height: 96 }} />}
      {rows?.length === 0 && <p className={classes.quiet}>{t('held.none')}</p>}
      {rows && rows.length > 0 && (
        <>
          <ul className={classes.heldList}>{rows.slice(0, SHOWN).map((row) => <Row key={row.id} row={row} onTaken={taken} />)}</ul>
          {rows.length > SHOWN && <p className={classes.quiet}>{t('held.more', { count: rows.length - SHOWN })}</p>}
          <PassOn holder={holder} rows={rows} board={board} onDone={done} />
        </>
      )}
    </Modal>
  );
}

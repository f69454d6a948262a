import { Button, SegmentedControl, Select, Switch, Textarea, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { CallTransfer as To } from '../api/calls';
import { agentsQuery } from '../api/desk';
import { queuesQuery } from '../api/queries';
import classes from './call.module.css';
import { useMe } from './session';

type Kind = 'agent' | 'queue' | 'number';
const NOTE_CHARS_MAX = 1_000;
const NUMBER = /^\+[1-9]\d{6,14}$/;

/** Whom the call goes to: a colleague, who may be asked first, a queue, or a number outside. */
export function CallTransfer({ busy, onTransfer, onCancel }: { busy: boolean; onTransfer: (to: To) => void; onCancel: () => void }) {
  const { t } = useTranslation();
  const me = useMe();
  const [kind, setKind] = useState<Kind>('agent');
  const [agent, setAgent] = useState<string | null>(null);
  const [queue, setQueue] = useState<string | null>(null);
  const [number, setNumber] = useState('');
  const [note, setNote] = useState('');
  const [consult, setConsult] = useState(false);
  const { data: agents } = useQuery(agentsQuery);
  const { data: queues } = useQuery(queuesQuery);
  const people = (agents?.items ?? []).filter((one) => one.kind === 'person' && one.id !== me.user?.id);
  const plain = number.replaceAll(/[\s()-]/g, '');
  const to: To | null = kind === 'agent' ? (agent ? { agent_id: agent, consult, note } : null) : kind === 'queue' ? (queue ? { queue_id: queue, note } : null) : NUMBER.test(plain) ? { number: plain, note } : null;
  return (
    <form
      className={classes.transfer}
      aria-label={t('call:transfer')}
      onSubmit={(event) => {
        event.preventDefault();
        if (to && !busy) onTransfer(to);
      }}
    >
      <SegmentedControl size="xs" fullWidth aria-label={t('call:to.label')} value={kind} onChange={(value) => setKind(value as Kind)} data={(['agent', 'queue', 'number'] as const).map((value) => ({ value, label: t(`call:to.${value}`) }))} />
      {kind === 'agent' && (
        <Select
          label={t('call:to.pickAgent')}
          data-autofocus
          searchable
          value={agent}
          onChange={setAgent}
          data={people.map((one) => ({ value: one.id, label: `${one.name} · ${t(`presence.${one.presence}`)}` }))}
        />
      )}
      {kind === 'queue' && <Select label={t('call:to.pickQueue')} searchable value={queue} onChange={setQueue} data={(queues?.items ?? []).map((one) => ({ value: one.id, label: one.name }))} />}
      {kind === 'number' && <TextInput label={t('call:to.numberLabel')} description={t('call:to.numberHint')} type="tel" dir="ltr" value={number} onChange={(event) => setNumber(event.currentTarget.value)} />}
      <Textarea label={t('call:to.note')} autosize minRows={1} maxRows={4} maxLength={NOTE_CHARS_MAX} value={note} onChange={(event) => setNote(event.currentTarget.value)} />
      {kind === 'agent' && <Switch label={t('call:to.ask')} description={t('call:to.askHint')} checked={consult} onChange={(event) => setConsult(event.currentTarget.checked)} />}
      <div className={classes.actions}>
        <Button type="submit" size="sm" loading={busy} disabled={!to}>{t(kind === 'agent' && consult ? 'call:to.ask_do' : 'call:to.do')}</Button>
        <Button size="sm" variant="default" onClick={onCancel}>{t('call:to.cancel')}</Button>
      </div>
    </form>
  );
}

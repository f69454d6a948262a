import { Button, Input, Modal, NumberInput, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { IconRobot, IconUserQuestion } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { agentsQuery, createAgent, putAgent } from '../../api/desk';
import { keys } from '../../api/keys';
import type { Agent } from '../../api/types';
import { EmptyState } from '../../ui/EmptyState';
import { ProblemAlert } from '../../ui/ProblemAlert';
import { toast } from '../../ui/toast';
import classes from './queues.module.css';
import { SkillsInput } from './SkillsInput';

const CAPACITY_MAX = 100;
const CAPACITY = 5;
const WEIGHT_MAX = 10;
const KINDS = ['sms', 'whatsapp', 'rcs', 'voice'] as const;
const USUAL: Record<(typeof KINDS)[number], number> = { sms: 1, whatsapp: 1, rcs: 1, voice: 3 };

function Load({ agent }: { agent: Agent }) {
  const { t } = useTranslation('queues');
  return (
    <span className={classes.load}>
      <span className={classes.loadBar} aria-hidden><span data-full={agent.open >= agent.capacity || undefined} style={{ inlineSize: `${Math.min(100, (100 * agent.open) / agent.capacity)}%` }} /></span>
      {t('agents.load', { open: agent.open, capacity: agent.capacity })}
    </span>
  );
}

/** How much of an agent's capacity a conversation of each channel takes; an empty field: what is usual. */
function Weights({ value, onChange }: { value: Agent['weights']; onChange: (weights: Agent['weights']) => void }) {
  const { t } = useTranslation('queues');
  return (
    <Input.Wrapper label={t('agents.weights')} description={t('agents.weightsHint')} labelElement="div">
      <div className={classes.weights}>
        {KINDS.map((kind) => (
          <NumberInput
            hideControls
            key={kind}
            label={t(`common:channel.${kind}`)}
            placeholder={String(USUAL[kind])}
            min={1}
            max={WEIGHT_MAX}
            allowDecimal={false}
            value={value[kind] ?? ''}
            onChange={(weight) => onChange(Object.fromEntries(KINDS.map((one) => [one, one === kind ? weight : value[one]]).filter(([, each]) => typeof each === 'number' && each >= 1)) as Agent['weights'])}
          />
        ))}
      </div>
    </Input.Wrapper>
  );
}

function EditAgent({ agent, onClose }: { agent: Agent; onClose: () => void }) {
  const { t } = useTranslation('queues');
  const client = useQueryClient();
  const [capacity, setCapacity] = useState(agent.capacity);
  const [weights, setWeights] = useState(agent.weights);
  const [skills, setSkills] = useState(Object.entries(agent.skills).map(([name, level]) => ({ name, level })));
  const save = useMutation({
    mutationFn: () => putAgent(agent, { capacity, weights, skills: Object.fromEntries(skills.filter(({ name }) => name.trim()).map(({ name, level }) => [name.trim(), level])) }),
    onSuccess: () => {
      toast(t('agents.saved', { name: agent.name }));
      onClose();
    },
    onSettled: () => client.invalidateQueries({ queryKey: keys.agents }),
  });
  return (
    <Modal opened onClose={onClose} title={agent.name} closeButtonProps={{ 'aria-label': t('common:action.close') }}>
      <form className={classes.form} onSubmit={(event) => {
        event.preventDefault();
        save.mutate();
      }}>
        <NumberInput hideControls data-autofocus label={t('agents.capacity')} description={t('agents.capacityHint')} min={1} max={CAPACITY_MAX} value={capacity} onChange={(value) => setCapacity(Number(value) || 1)} />
        <Weights value={weights} onChange={setWeights} />
        <SkillsInput label={t('agents.skills')} value={skills} onChange={setSkills} />
        {save.error && <ProblemAlert error={save.error} />}
        <div className={classes.actions}>
          <Button variant="default" onClick={onClose}>{t('form.cancel')}</Button>
          <Button type="submit" loading={save.isPending}>{t('form.save')}</Button>
        </div>
      </form>
    </Modal>
  );
}

function NewBot({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation('queues');
  const client = useQueryClient();
  const [name, setName] = useState('');
  const [capacity, setCapacity] = useState(CAPACITY);
  const make = useMutation({
    mutationFn: () => createAgent(name.trim(), capacity),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: keys.agents });
      onClose();
    },
  });
  return (
    <Modal opened onClose={onClose} title={t('agents.newBot')} closeButtonProps={{ 'aria-label': t('common:action.close') }}>
      <form className={classes.form} onSubmit={(event) => {
        event.preventDefault();
        make.mutate();
      }}>
        <p className={classes.lead}>{t('agents.botText')}</p>
        <TextInput data-autofocus required label={t('agents.name')} maxLength={80} value={name} onChange={(event) => setName(event.currentTarget.value)} />
        <NumberInput hideControls label={t('agents.capacity')} min={1} max={CAPACITY_MAX} value={capacity} onChange={(value) => setCapacity(Number(value) || 1)} />
        {make.error && <ProblemAlert error={make.error} />}
        <div className={classes.actions}>
          <Button variant="default" onClick={onClose}>{t('form.cancel')}</Button>
          <Button type="submit" disabled={!name.trim()} loading={make.isPending}>{t('agents.make')}</Button>
        </div>
      </form>
    </Modal>
  );
}

function Row({ agent, onEdit }: { agent: Agent; onEdit: (() => void) | null }) {
  const { t } = useTranslation('queues');
  return (
    <tr>
      <th scope="row">
        {onEdit ? <button type="button" className={classes.nameButton} onClick={onEdit}><bdi>{agent.name}</bdi></button> : <bdi>{agent.name}</bdi>}
        {agent.kind === 'bot' && <IconRobot size={15} role="img" aria-label={t('agents.bot')} style={{ marginInlineStart: 6, verticalAlign: 'text-bottom' }} />}
      </th>
      <td><span className={classes.present}><span className={classes.mark} data-status={agent.presence} aria-hidden />{t(`common:presence.${agent.presence}`)}</span></td>
      <td><Load agent={agent} /></td>
      <td className={classes.wide}>
        <span className={classes.marks}>
          {Object.entries(agent.skills).map(([name, level]) => <span key={name} className={classes.skill}>{name} <b>{level}</b></span>)}
          {Object.keys(agent.skills).length === 0 && <span className={classes.dim}>{t('agents.noSkills')}</span>}
        </span>
      </td>
    </tr>
  );
}

/** Who answers: presence, how much they have, what they can. */
export function Agents({ mayWrite }: { mayWrite: boolean }) {
  const { t } = useTranslation('queues');
  const { data, error, refetch } = useQuery(agentsQuery);
  const [editing, setEditing] = useState<Agent | null>(null);
  const [adding, setAdding] = useState(false);
  return (
    <section className={classes.block} aria-label={t('agents.title')}>
      <div className={classes.sectionHead}>
        <h2>{t('agents.title')}</h2>
        {mayWrite && <Button variant="default" size="sm" leftSection={<IconRobot size={16} aria-hidden />} onClick={() => setAdding(true)}>{t('agents.newBot')}</Button>}
      </div>
      {error && !data && <ProblemAlert error={error} onRetry={() => void refetch()} />}
      {!data && !error && <div className={`surface ${classes.loading}`} aria-busy>{[50, 62, 44].map((width) => <div key={width} className="skeleton" style={{ height: 14, width: `${width}%` }} />)}</div>}
      {data?.items.length === 0 && <div className="surface"><EmptyState icon={IconUserQuestion} title={t('agents.none')} text={t('agents.noneText')} /></div>}
      {data && data.items.length > 0 && (
        <div className={`surface ${classes.tableBox}`}>
          <table className={classes.table}>
            <thead><tr><th scope="col">{t('agents.name')}</th><th scope="col">{t('agents.presence')}</th><th scope="col">{t('agents.has')}</th><th scope="col" className={classes.wide}>{t('agents.skills')}</th></tr></thead>
            <tbody>{data.items.map((agent) => <Row key={agent.id} agent={agent} onEdit={mayWrite ? () => setEditing(agent) : null} />)}</tbody>
          </table>
        </div>
      )}
      {editing && <EditAgent agent={editing} onClose={() => setEditing(null)} />}
      {adding && <NewBot onClose={() => setAdding(false)} />}
    </section>
  );
}

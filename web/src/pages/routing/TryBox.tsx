import { Button, NumberInput, Select, Textarea, TextInput } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { IconX } from '@tabler/icons-react';
import { useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { can } from '../../api/permissions';
import { channelsQuery } from '../../api/queries';
import { tryMessage } from '../../api/routing';
import type { RoutingBody, RoutingTested, RoutingTrial } from '../../api/types';
import { useMe } from '../../app/session';
import type { Field } from '../../ui/ConditionBuilder/fields';
import { PersonPicker, type PickedPerson } from '../../ui/PersonPicker';
import { ProblemAlert } from '../../ui/ProblemAlert';
import classes from './routing.module.css';
import { TriedRules } from './TriedRules';

const CHANNELS = ['sms', 'whatsapp', 'rcs', 'voice'] as const;
const INTENT = 'message.intent';
const TEXT_CHARS_MAX = 4_000;

interface TryBoxProps { draft: RoutingBody | null; fields: readonly Field[]; tested: RoutingTested | null; onTested: (tested: RoutingTested | null) => void }

function Contact({ person, onPick }: { person: PickedPerson | null; onPick: (person: PickedPerson | null) => void }) {
  const { t } = useTranslation('routing');
  if (!person) return <PersonPicker label={t('try.contact')} placeholder={t('try.contactHint')} onPick={onPick} />;
  return (
    <div>
      <span className={classes.fieldLabel}>{t('try.contact')}</span>
      <span className={classes.picked}><bdi>{person.name}</bdi><button type="button" className={classes.unpick} aria-label={t('try.nobody')} onClick={() => onPick(null)}><IconX size={14} aria-hidden /></button></span>
    </div>
  );
}

/** A message, and what the rules on the screen would do with it: also those that are not saved yet. */
export function TryBox({ draft, fields, tested, onTested }: TryBoxProps) {
  const { t } = useTranslation('routing');
  const me = useMe();
  const [text, setText] = useState('');
  const [channel, setChannel] = useState<(typeof CHANNELS)[number]>('sms');
  const [number, setNumber] = useState<string | null>(null);
  const [at, setAt] = useState('');
  const [intent, setIntent] = useState<string | null>(null);
  const [confidence, setConfidence] = useState(0.9);
  const [person, setPerson] = useState<PickedPerson | null>(null);
  const intents = fields.find((field) => field.name === INTENT)?.choices ?? [];
  const { data: channels } = useQuery({ ...channelsQuery, enabled: can(me, 'readChannels') });
  const ours = (channels?.items ?? []).filter(({ kind }) => kind === channel);
  const run = useMutation({ mutationFn: (trial: RoutingTrial) => tryMessage(trial), onSuccess: onTested, onError: () => onTested(null) });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    run.mutate({ text, channel_kind: channel, channel_id: number, at: at ? new Date(at).toISOString() : null, intent, confidence, contact_id: person?.id ?? null, draft });
  };
  return (
    <form className={classes.try} onSubmit={submit} data-testid="try">
      <Textarea
        data-try-text
        label={t('try.text')}
        placeholder={t('try.placeholder')}
        autosize
        minRows={2}
        maxRows={6}
        maxLength={TEXT_CHARS_MAX}
        dir="auto"
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) submit(event);
        }}
      />
      <div className={classes.tryFields}>
        <Select label={t('try.channel')} data={CHANNELS.map((kind) => ({ value: kind, label: t(`common:channel.${kind}`) }))} value={channel} allowDeselect={false} onChange={(kind) => {
          if (!kind) return;
          setChannel(kind as (typeof CHANNELS)[number]);
          setNumber(null);
        }} />
        {ours.length > 0 && <Select label={t('try.number')} placeholder={t('try.anyNumber')} data={ours.map(({ id, name }) => ({ value: id, label: name }))} value={number} clearable clearButtonProps={{ 'aria-label': t('try.anyNumber') }} onChange={setNumber} />}
        <TextInput type="datetime-local" label={t('try.at')} description={at ? undefined : t('try.now')} value={at} onChange={(event) => setAt(event.currentTarget.value)} />
        {intents.length > 0 && <Select label={t('try.intent')} placeholder={t('try.model')} data={intents} value={intent} searchable clearable clearButtonProps={{ 'aria-label': t('try.modelSays') }} nothingFoundMessage={t('nothing')} onChange={setIntent} />}
        {intent !== null && <NumberInput label={t('try.confidence')} min={0} max={1} step={0.05} decimalScale={2} value={confidence} onChange={(value) => setConfidence(Number(value) || 0)} />}
      </div>
      {can(me, 'readContacts') && <Contact person={person} onPick={setPerson} />}
      <Button type="submit" variant={tested ? 'default' : 'filled'} loading={run.isPending}>{t(draft ? 'try.runDraft' : 'try.run')}</Button>
      {run.error && <ProblemAlert error={run.error} />}
      {tested && !run.error && <TriedRules tested={tested} />}
    </form>
  );
}

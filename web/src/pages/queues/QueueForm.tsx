import { NativeSelect, NumberInput, Switch, Textarea, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Problem } from '../../api/problem';
import { can } from '../../api/permissions';
import { queuesQuery } from '../../api/queries';
import { endpointsQuery } from '../../api/webhooks';
import { useMe } from '../../app/session';
import { CheckBox } from '../../ui/CheckBox';
import { STRATEGIES, type Draft } from './draft';
import { HoursEditor } from './HoursEditor';
import { Inherited } from './Inherited';
import { LevelsEditor } from './LevelsEditor';
import { MembersInput } from './MembersInput';
import classes from './queues.module.css';
import { SkillsInput } from './SkillsInput';

const MINUTE = 60;
const OVERFLOW_S = 120;

interface FormProps { draft: Draft; set: (change: Partial<Draft>) => void; queueId: string | null; problem: Problem | null }

function Card({ title, text, children }: { title: string; text?: string; children: ReactNode }) {
  return <section className={`surface ${classes.card}`} aria-label={title}><h2>{title}</h2>{text && <p>{text}</p>}{children}</section>;
}

function QueueSelect({ label, value, onChange, queueId, none, error }: { label: string; value: string | null; onChange: (id: string | null) => void; queueId: string | null; none: string | null; error?: string | undefined }) {
  const { data } = useQuery(queuesQuery);
  const others = (data?.items ?? []).filter((queue) => queue.id !== queueId);
  const choices = others.map((queue) => ({ value: queue.id, label: queue.name }));
  return <NativeSelect label={label} error={error} data={none === null ? choices : [{ value: '', label: none }, ...choices]} value={value ?? ''} onChange={(event) => onChange(event.currentTarget.value || null)} />;
}

/** What the API says of a place, or of anything below it. */
const toldOf = (problem: Problem | null, place: string): string | undefined => problem?.fields.find(({ pointer }) => pointer === place || pointer.startsWith(`${place}/`))?.detail;

function Serving({ draft, set, problem }: FormProps) {
  const { t } = useTranslation('queues');
  return (
    <Card title={t('form.serving')} text={t('form.servingText')}>
      <div className={classes.pair}>
        <NativeSelect label={t('form.strategy')} description={t(`strategy.${draft.strategy}Hint`)} data={STRATEGIES.map((value) => ({ value, label: t(`strategy.${value}`) }))} value={draft.strategy} onChange={(event) => set({ strategy: event.currentTarget.value as Draft['strategy'] })} />
        <NumberInput hideControls label={t('form.accept')} description={t('form.acceptHint')} min={5} max={3600} suffix={t('form.seconds')} value={draft.accept_s} onChange={(value) => set({ accept_s: Number(value) || 5 })} error={toldOf(problem, '/settings/accept_s')} />
        <NumberInput hideControls label={t('form.ageing')} description={t('form.ageingHint')} min={1} max={1440} suffix={t('levels.suffix')} value={draft.ageing_s / MINUTE} onChange={(value) => set({ ageing_s: Math.max(10, Math.round(Number(value) * MINUTE)) })} error={toldOf(problem, '/settings/ageing_s')} />
      </div>
      <MembersInput members={draft.members} onChange={(members) => set({ members })} error={toldOf(problem, '/member_ids')} />
      <SkillsInput label={t('form.skills')} description={t('form.skillsHint')} value={draft.skills} onChange={(skills) => set({ skills })} />
    </Card>
  );
}

function Breach({ draft, set, queueId, problem }: FormProps) {
  const { t } = useTranslation('queues');
  const me = useMe();
  const { data: hooks } = useQuery({ ...endpointsQuery, enabled: can(me, 'manageWebhooks') });
  const put = (change: Partial<Draft['breach']>): void => set({ breach: { ...draft.breach, ...change } });
  return (
    <Card title={t('form.levels')} text={t('form.levelsText')}>
      <Inherited part="service_levels" />
      <LevelsEditor levels={draft.levels} onChange={(levels) => set({ levels })} />
      <div className={classes.pair} role="group" aria-label={t('form.breach')}>
        <div className={classes.week}>
          <CheckBox checked={draft.breach.raise_priority} onChange={(raise_priority) => put({ raise_priority })}>{t('form.raise')}</CheckBox>
          <CheckBox checked={draft.breach.notify} onChange={(notify) => put({ notify })}>{t('form.notify')}</CheckBox>
        </div>
        <QueueSelect label={t('form.breachQueue')} none={t('form.stays')} queueId={queueId} value={draft.breach.queue_id} onChange={(queue_id) => put({ queue_id })} error={toldOf(problem, '/settings/breach/queue_id')} />
        {hooks && hooks.items.length > 0 && <NativeSelect label={t('form.breachWebhook')} data={[{ value: '', label: t('form.noWebhook') }, ...hooks.items.map((hook) => ({ value: hook.id, label: hook.description || hook.url }))]} value={draft.breach.webhook_id ?? ''} onChange={(event) => put({ webhook_id: event.currentTarget.value || null })} error={toldOf(problem, '/settings/breach/webhook_id')} />}
      </div>
    </Card>
  );
}

function Overflow({ draft, set, queueId, problem }: FormProps) {
  const { t } = useTranslation('queues');
  const { data } = useQuery(queuesQuery);
  const first = data?.items.find((queue) => queue.id !== queueId);
  const rule = draft.overflow;
  return (
    <Card title={t('form.overflow')} text={t('form.overflowText')}>
      <Switch label={t('form.overflowUse')} disabled={!first} checked={rule !== null} onChange={(event) => set({ overflow: event.currentTarget.checked && first ? { wait_s: OVERFLOW_S, queue_id: first.id } : null })} />
      {!first && <p className={classes.lead}>{t('form.overflowAlone')}</p>}
      {rule && (
        <div className={classes.pair}>
          <NumberInput hideControls label={t('form.overflowAfter')} min={1} suffix={t('form.seconds')} value={rule.wait_s} onChange={(value) => set({ overflow: { ...rule, wait_s: Number(value) || 1 } })} />
          <QueueSelect label={t('form.overflowTo')} none={null} queueId={queueId} value={rule.queue_id} onChange={(id) => id && set({ overflow: { ...rule, queue_id: id } })} error={toldOf(problem, '/settings/overflow')} />
        </div>
      )}
    </Card>
  );
}

function Satisfaction({ draft, set, problem }: FormProps) {
  const { t } = useTranslation('queues');
  const rule = draft.satisfaction;
  return (
    <Card title={t('form.satisfaction')} text={t('form.satisfactionText')}>
      <Switch label={t('form.satisfactionUse')} checked={rule.enabled} onChange={(event) => set({ satisfaction: { ...rule, enabled: event.currentTarget.checked } })} />
      {rule.enabled && <Textarea label={t('form.satisfactionWords')} description={t('form.satisfactionWordsHint')} autosize minRows={2} maxLength={480} maw={620} value={rule.text} onChange={(event) => set({ satisfaction: { ...rule, text: event.currentTarget.value } })} error={toldOf(problem, '/settings/satisfaction')} />}
    </Card>
  );
}

/** What callers hear and may do while they wait. */
function Calls({ draft, set, problem }: FormProps) {
  const { t } = useTranslation('queues');
  const rule = draft.voice;
  const change = (more: Partial<typeof rule>): void => set({ voice: { ...rule, ...more } });
  return (
    <Card title={t('form.calls')} text={t('form.callsText')}>
      <Switch label={t('form.callsUse')} checked={rule.answer} onChange={(event) => change({ answer: event.currentTarget.checked })} />
      {rule.answer && (
        <>
          <Textarea label={t('form.callsGreeting')} description={t('form.callsGreetingHint')} autosize minRows={2} maxLength={480} maw={620} value={rule.greeting} onChange={(event) => change({ greeting: event.currentTarget.value })} error={toldOf(problem, '/settings/voice/greeting')} />
          <TextInput label={t('form.callsLanguage')} description={t('form.callsLanguageHint')} maw={180} value={rule.language} onChange={(event) => change({ language: event.currentTarget.value })} error={toldOf(problem, '/settings/voice/language')} />
          <TextInput label={t('form.callsMusic')} description={t('form.callsMusicHint')} type="url" maw={620} value={rule.music_url} onChange={(event) => change({ music_url: event.currentTarget.value })} error={toldOf(problem, '/settings/voice/music_url')} />
          <Switch label={t('form.callsBack')} checked={rule.callback_after_s !== null} onChange={(event) => change({ callback_after_s: event.currentTarget.checked ? 300 : null })} />
          {rule.callback_after_s !== null && <NumberInput label={t('form.callsBackAfter')} suffix={t('form.callsMinutes')} min={1} max={240} maw={180} value={Math.round(rule.callback_after_s / 60)} onChange={(value) => change({ callback_after_s: Math.max(1, Number(value)) * 60 })} />}
          <NumberInput label={t('form.callsWait')} description={t('form.callsWaitHint')} suffix={t('form.callsMinutes')} min={1} max={240} maw={260} value={Math.round(rule.wait_s / 60)} onChange={(value) => change({ wait_s: Math.max(1, Number(value)) * 60 })} />
          <Switch label={t('form.callsRecord')} checked={rule.record} onChange={(event) => change({ record: event.currentTarget.checked })} />
          <Switch label={t('form.callsTranscribe')} checked={rule.transcribe} onChange={(event) => change({ transcribe: event.currentTarget.checked })} />
          {(rule.record || rule.transcribe) && <Textarea label={t('form.callsNotice')} description={t('form.callsNoticeHint')} autosize minRows={2} maxLength={480} maw={620} value={rule.notice} onChange={(event) => change({ notice: event.currentTarget.value })} error={toldOf(problem, '/settings/voice/notice')} />}
        </>
      )}
    </Card>
  );
}

/** Every setting of one queue. What the API finds wrong stands beside its field. */
export function QueueForm(props: FormProps) {
  const { draft, set, queueId, problem } = props;
  const { t } = useTranslation('queues');
  const me = useMe();
  return (
    <>
      <Card title={t('form.basics')}>
        <TextInput label={t('form.name')} required maxLength={80} maw={420} value={draft.name} onChange={(event) => set({ name: event.currentTarget.value })} error={problem?.code === 'queue-exists' ? t('form.nameTaken') : toldOf(problem, '/name')} />
      </Card>
      <Serving {...props} />
      <Card title={t('hours.title')} text={t('hours.text')}>
        <Inherited part="hours" />
        <HoursEditor hours={draft.hours} zone={me.tenant.time_zone} onChange={(hours) => set({ hours })} error={toldOf(problem, '/settings/hours')} />
        {draft.hours && (
          <div className={classes.pair}>
            <QueueSelect label={t('form.afterQueue')} none={t('form.stays')} queueId={queueId} value={draft.after.queue_id} onChange={(queue_id) => set({ after: { ...draft.after, queue_id } })} error={toldOf(problem, '/settings/after_hours')} />
            <Textarea label={t('form.afterText')} description={t('form.afterTextHint')} autosize minRows={2} maxLength={1600} value={draft.after.text} onChange={(event) => set({ after: { ...draft.after, text: event.currentTarget.value } })} />
          </div>
        )}
      </Card>
      <Breach {...props} />
      <Overflow {...props} />
      <Satisfaction {...props} />
      <Calls {...props} />
    </>
  );
}

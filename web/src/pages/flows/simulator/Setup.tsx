import { Button, NativeSelect, Textarea, TextInput } from '@mantine/core';
import { IconPlayerPlay, IconPlayerTrackNext, IconX } from '@tabler/icons-react';
import { lazy, Suspense } from 'react';
import { useTranslation } from 'react-i18next';
import { can } from '../../../api/permissions';
import { useMe } from '../../../app/session';
import { useStore } from '../../../app/store';
import { useDocument } from '../editor/editor';
import { summaryOf } from '../editor/summary';
import { Amount } from './Amount';
import type { Run } from './run';
import { wrongOf, type Channel, type Setup as SetupState, type Who, type Wrong } from './beginning';
import classes from './simulator.module.css';

const PersonPicker = lazy(async () => ({ default: (await import('../../../ui/PersonPicker')).PersonPicker }));
const CHANNELS: readonly Channel[] = ['sms', 'whatsapp', 'rcs', 'voice'];
const SEED_MAX = 2_147_483_647;
const ZONE = 'Europe/Berlin';

interface Fields { setup: SetupState; set: (change: Partial<SetupState>) => void; wrong: Wrong }

function Json({ label, value, wrong, onChange }: { label: string; value: string; wrong: true | undefined; onChange: (value: string) => void }) {
  const { t } = useTranslation('simulator');
  return <Textarea label={label} dir="ltr" autosize minRows={1} maxRows={6} placeholder="{}" value={value} onChange={(event) => onChange(event.currentTarget.value)} error={wrong && t('notObject')} classNames={{ input: classes.code ?? '' }} />;
}

/** The message or the values that begin it, and when. */
function Beginning({ setup, set, wrong }: Fields) {
  const { t } = useTranslation('simulator');
  return (
    <details className={classes.time}>
      <summary>{t('beginning.label')}</summary>
      <TextInput label={t('beginning.now')} type="datetime-local" value={setup.now} onChange={(event) => set({ now: event.currentTarget.value })} />
      <div className={classes.pair}>
        <TextInput label={t('beginning.text')} dir="auto" value={setup.text} maxLength={4_096} onChange={(event) => set({ text: event.currentTarget.value })} />
        <TextInput label={t('beginning.intent')} value={setup.intent} maxLength={80} onChange={(event) => set({ intent: event.currentTarget.value })} />
      </div>
      <Json label={t('beginning.values')} value={setup.values} wrong={wrong.values} onChange={(values) => set({ values })} />
    </details>
  );
}

function Person({ setup, set, wrong }: Fields) {
  const { t } = useTranslation('simulator');
  const { who } = setup;
  if (who.kind === 'made') {
    return (
      <>
        <div className={classes.pair}>
          <TextInput label={t('who.name')} value={setup.name} maxLength={200} onChange={(event) => set({ name: event.currentTarget.value })} />
          <TextInput label={t('who.phone')} dir="ltr" type="tel" value={setup.phone} maxLength={20} onChange={(event) => set({ phone: event.currentTarget.value })} />
        </div>
        <details className={classes.time}>
          <summary>{t('who.more')}</summary>
          <div className={classes.pair}>
            <TextInput label={t('who.language')} dir="ltr" value={setup.language} maxLength={20} onChange={(event) => set({ language: event.currentTarget.value })} />
            <TextInput label={t('who.zone')} dir="ltr" placeholder={ZONE} value={setup.time_zone} maxLength={60} onChange={(event) => set({ time_zone: event.currentTarget.value })} />
          </div>
          <TextInput label={t('who.tags')} value={setup.tags} onChange={(event) => set({ tags: event.currentTarget.value })} />
          <Json label={t('who.attributes')} value={setup.attributes} wrong={wrong.attributes} onChange={(attributes) => set({ attributes })} />
        </details>
      </>
    );
  }
  if (who.kind !== 'real') return null;
  if (who.id === '') return <Suspense><PersonPicker label={t('who.find')} placeholder={t('who.find')} onPick={({ id, name }) => set({ who: { kind: 'real', id, name } })} /></Suspense>;
  return (
    <p className={classes.hint}>
      {t('who.copy', { name: who.name })}
      <button type="button" className={classes.icon} aria-label={t('who.other')} onClick={() => set({ who: { kind: 'real', id: '', name: '' } })}><IconX size={14} aria-hidden /></button>
    </p>
  );
}

/** For whom the flow is played, and where it begins. */
export function Setup({ run }: { run: Run }) {
  const { t } = useTranslation('simulator');
  const me = useMe();
  const setup = useStore(run.setup);
  const busy = useStore(run.busy) > 0;
  const starts = useDocument().nodes.filter((node) => node.type === 'start');
  const set = (change: Partial<SetupState>): void => run.setup.set({ ...run.setup.get(), ...change });
  const kinds: Who['kind'][] = can(me, 'readContacts') ? ['made', 'longest', 'missing', 'real'] : ['made', 'longest', 'missing'];
  const choose = (kind: string | null): void => set({ who: kind === 'real' ? { kind, id: '', name: '' } : { kind: (kind ?? 'made') as 'made' } });
  const wrong = wrongOf(setup);
  const unready = wrong.attributes ?? wrong.values ?? false;
  const nobody = setup.who.kind === 'real' && setup.who.id === '';
  return (
    <form
      className={classes.setup}
      onSubmit={(event) => {
        event.preventDefault();
        if (!nobody && !unready) run.begin();
      }}
    >
      <p className={classes.hint}>{t('intro')}</p>
      <NativeSelect label={t('who.label')} data={kinds.map((kind) => ({ value: kind, label: t(`who.${kind}`) }))} value={setup.who.kind} onChange={(event) => choose(event.currentTarget.value)} />
      <Person setup={setup} set={set} wrong={wrong} />
      <div className={classes.pair}>
        <NativeSelect label={t('channel')} data={CHANNELS.map((kind) => ({ value: kind, label: t(`common:channel.${kind}`) }))} value={setup.channel} onChange={(event) => set({ channel: event.currentTarget.value as Channel })} />
        <Amount label={t('seed')} title={t('seedHint')} min={0} max={SEED_MAX} value={setup.seed} onChange={(seed) => set({ seed: Math.trunc(seed) })} />
      </div>
      {starts.length > 1 && (
        <NativeSelect
          label={t('start')}
          data={starts.map((node) => ({ value: node.id, label: [node.id, summaryOf(node)].filter(Boolean).join(': ') }))}
          value={starts.some((node) => node.id === setup.start) ? setup.start : (starts[0]?.id ?? '')}
          onChange={(event) => set({ start: event.currentTarget.value })}
        />
      )}
      <Beginning setup={setup} set={set} wrong={wrong} />
      <div className={classes.actions}>
        <Button type="submit" leftSection={<IconPlayerPlay size={16} aria-hidden />} disabled={nobody || unready} loading={busy}>{t('begin')}</Button>
        <Button variant="default" leftSection={<IconPlayerTrackNext size={16} aria-hidden />} disabled={nobody || unready} onClick={() => run.begin(true)}>{t('step')}</Button>
      </div>
    </form>
  );
}

import { Button, NativeSelect, TextInput } from '@mantine/core';
import { IconPlayerPlay, IconPlayerTrackNext, IconX } from '@tabler/icons-react';
import { lazy, Suspense } from 'react';
import { useTranslation } from 'react-i18next';
import { can } from '../../../api/permissions';
import { useMe } from '../../../app/session';
import { useStore } from '../../../app/store';
import { useDocument } from '../editor/editor';
import { summaryOf } from '../editor/summary';
import { Amount } from './Amount';
import type { Channel, Run, Setup as SetupState, Who } from './run';
import classes from './simulator.module.css';

const PersonPicker = lazy(async () => ({ default: (await import('../../../ui/PersonPicker')).PersonPicker }));
const CHANNELS: readonly Channel[] = ['sms', 'whatsapp', 'rcs', 'voice'];
const SEED_MAX = 2_147_483_647;

function Person({ setup, set }: { setup: SetupState; set: (change: Partial<SetupState>) => void }) {
  const { t } = useTranslation('simulator');
  const { who } = setup;
  if (who.kind === 'made') {
    return (
      <div className={classes.pair}>
        <TextInput label={t('who.name')} value={setup.name} maxLength={200} onChange={(event) => set({ name: event.currentTarget.value })} />
        <TextInput label={t('who.phone')} dir="ltr" type="tel" value={setup.phone} maxLength={20} onChange={(event) => set({ phone: event.currentTarget.value })} />
      </div>
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
  const nobody = setup.who.kind === 'real' && setup.who.id === '';
  return (
    <form
      className={classes.setup}
      onSubmit={(event) => {
        event.preventDefault();
        if (!nobody) run.begin();
      }}
    >
      <p className={classes.hint}>{t('intro')}</p>
      <NativeSelect label={t('who.label')} data={kinds.map((kind) => ({ value: kind, label: t(`who.${kind}`) }))} value={setup.who.kind} onChange={(event) => choose(event.currentTarget.value)} />
      <Person setup={setup} set={set} />
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
      <div className={classes.actions}>
        <Button type="submit" leftSection={<IconPlayerPlay size={16} aria-hidden />} disabled={nobody} loading={busy}>{t('begin')}</Button>
        <Button variant="default" leftSection={<IconPlayerTrackNext size={16} aria-hidden />} disabled={nobody} onClick={() => run.begin(true)}>{t('step')}</Button>
      </div>
    </form>
  );
}

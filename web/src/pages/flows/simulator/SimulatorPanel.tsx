import { ActionIcon, Button } from '@mantine/core';
import { IconArrowBackUp, IconPlayerPlay, IconPlayerTrackNext, IconRefresh, IconSettings } from '@tabler/icons-react';
import { lazy, Suspense, useEffect, useMemo, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Action } from '../../../api/simulations';
import { useKeys } from '../../../app/keyboard';
import { useMe } from '../../../app/session';
import { useStore } from '../../../app/store';
import { CheckBox } from '../../../ui/CheckBox';
import { PhonePreview, type PhoneLine } from '../../../ui/PhonePreview/PhonePreview';
import { ProblemAlert } from '../../../ui/ProblemAlert';
import { RichContent } from '../../../ui/RichContent/RichContent';
import { contentOf } from '../../../ui/RichContent/content';
import { Status, type Tone } from '../../../ui/Status';
import { shortTime } from '../../../ui/time';
import { NOTHING } from '../editor/document';
import { useDocument, useEditor } from '../editor/editor';
import { linesOf, litOf, standsAt, waitsFor, withoutPresses, type Line, type WaitsFor } from './reading';
import { runOf, type Played, type Run } from './run';
import classes from './simulator.module.css';
import { Steps } from './Steps';
import { Values } from './Values';

// Forms come when they are shown: the panel itself stays small.
const Setup = lazy(async () => ({ default: (await import('./Setup')).Setup }));
const Doing = lazy(async () => ({ default: (await import('./Doing')).Doing }));
const PassTime = lazy(async () => ({ default: (await import('./Doing')).PassTime }));
const Tests = lazy(async () => ({ default: (await import('./Tests')).Tests }));

const TONES: Record<WaitsFor, Tone> = { begin: 'neutral', reply: 'info', time: 'info', webhook: 'info', delivery: 'info', call: 'info', ringing: 'info', people: 'human', pause: 'progress', stuck: 'danger', ended: 'success' };
const PLAIN = new Set(['sms', 'voice']);

function Beside({ action }: { action: Action }) {
  const { t } = useTranslation('simulator');
  switch (action.do) {
    case 'pass_time': return t('note.pass_time', { amount: action.duration?.amount ?? 1, unit: t(action.duration?.unit === 'days' ? 'time.days_unit' : `time.${action.duration?.unit ?? 'hours'}`) });
    case 'webhook': return action.status ? t('note.webhook', { status: action.status }) : t('note.webhookFailed');
    case 'delivery': return t(`note.delivery.${action.status ?? 'delivered'}`);
    case 'call': return t(`note.call.${action.happened ?? 'keys'}`, { value: action.value });
    default: return t('note.hand_back');
  }
}

function Said({ line, onAct }: { line: Extract<Line, { from: 'us' }>; onAct: ((action: Action) => void) | null }) {
  const rich = PLAIN.has(line.channel) ? null : contentOf(withoutPresses(line.content));
  return (
    <>
      {rich ? <RichContent content={rich} body={line.text} messageId="" out /> : <span dir="auto">{PLAIN.has(line.channel) ? line.text : String(line.content.text ?? line.text)}</span>}
      {!PLAIN.has(line.channel) && line.presses.length > 0 && (
        <div className={classes.presses}>
          {line.presses.map((press) => (
            <button key={press.id} type="button" className={classes.press} disabled={!onAct} onClick={() => onAct?.({ do: 'reply', text: press.title, choice: press.id, intent: null, confidence: 1 })}>{press.title}</button>
          ))}
        </div>
      )}
    </>
  );
}

function Phone({ run, played }: { run: Run; played: Played }) {
  const { t } = useTranslation('simulator');
  const me = useMe();
  const waits = waitsFor(played.frames.at(-1));
  const lines = linesOf(played.frames);
  const onAct = waits === 'reply' ? (action: Action) => run.act(action) : null;
  const shown = lines.map((line, nth): PhoneLine => ({
    key: String(nth),
    from: line.from,
    ...(line.from === 'us' && { channel: line.channel }),
    children: line.from === 'note' ? <Beside action={line.action} /> : line.from === 'them' ? <span dir="auto">{line.text}</span> : <Said line={line} onAct={onAct} />,
  }));
  const name = String(played.frames.at(-1)?.contact.name ?? '');
  return <PhonePreview channel={played.channel} title={name} clock={shortTime(played.now, me.tenant.time_zone)} lines={shown} empty={t('phoneEmpty')} />;
}

function State({ played }: { played: Played }) {
  const { t } = useTranslation('simulator');
  const me = useMe();
  const last = played.frames.at(-1);
  const waits = waitsFor(last);
  const stands = standsAt(last);
  return (
    <div className={classes.state} role="status">
      <Status tone={TONES[waits]}>{t(`state.${waits}`)}</Status>
      {stands && <span>{t('at', { step: stands.node })}</span>}
      {stands?.until && <span>{t('until', { time: shortTime(stands.until, me.tenant.time_zone) })}</span>}
      {last?.reason && <p className={classes.reason}>{last.reason}</p>}
    </div>
  );
}

function Tools({ run, played }: { run: Run; played: Played }) {
  const { t } = useTranslation('simulator');
  const paused = waitsFor(played.frames.at(-1)) === 'pause';
  return (
    <div className={classes.tools} role="toolbar" aria-label={t('tools')}>
      <Button size="xs" variant="default" leftSection={<IconArrowBackUp size={15} aria-hidden />} aria-disabled={played.frames.length === 0} onClick={run.back}>{t('back')}</Button>
      {paused && <Button size="xs" leftSection={<IconPlayerTrackNext size={15} aria-hidden />} onClick={() => run.act({ do: 'go_on', node: '', variables: {} }, true)}>{t('step')}</Button>}
      {paused && <Button size="xs" variant="default" leftSection={<IconPlayerPlay size={15} aria-hidden />} onClick={() => run.act({ do: 'go_on', node: '', variables: {} }, false)}>{t('go')}</Button>}
      <Button size="xs" variant="default" leftSection={<IconRefresh size={15} aria-hidden />} onClick={() => run.begin()}>{t('restart')}</Button>
      <ActionIcon variant="default" size={30} aria-label={t('setup')} title={t('setup')} onClick={run.reset}><IconSettings size={16} aria-hidden /></ActionIcon>
    </div>
  );
}

function Section({ title, open, children }: { title: string; open?: boolean; children: ReactNode }) {
  return <details className={classes.section} open={open}><summary><h3>{title}</h3></summary>{children}</details>;
}

function Playing({ run, played }: { run: Run; played: Played }) {
  const { t } = useTranslation('simulator');
  const editor = useEditor();
  const document = useDocument();
  const last = played.frames.at(-1);
  const waits = waitsFor(last);
  const stands = standsAt(last);
  const show = (node: string): void => {
    editor.select({ ...NOTHING, nodes: [node] });
    editor.canvas.current?.center(node);
  };
  return (
    <>
      <Tools run={run} played={played} />
      {document !== played.document && <p className={classes.stale} role="status">{t('changed')}</p>}
      <Phone run={run} played={played} />
      <State played={played} />
      <Suspense>
      <Doing key={`${stands?.node ?? ''} ${waits}`} waits={waits} document={played.document} node={stands?.node ?? ''} onAct={(action) => run.act(action)} />
      {stands && waits !== 'stuck' && waits !== 'pause' && <PassTime now={played.now} until={stands.until} onAct={(action) => run.act(action)} />}
      </Suspense>
      <Section title={t('steps.title')} open><Steps frames={played.frames} document={played.document} onShow={show} /></Section>
      <Section title={t('values.title')}><Values frames={played.frames} /></Section>
    </>
  );
}

/** Plays the drawing: a phone, what can be done to it, and why every step went its way. */
export function SimulatorPanel() {
  const { t } = useTranslation('simulator');
  const editor = useEditor();
  const run = runOf(editor);
  const played = useStore(run.played);
  const problem = useStore(run.problem);
  const breakpoints = useStore(run.breakpoints);
  const stepwise = useStore(run.stepwise);
  const { nodes: [chosen] } = useStore(editor.selection);
  const lit = useMemo(() => litOf(played?.frames ?? []), [played]);
  useEffect(() => {
    editor.overlay.set({ lit, breakpoints });
  }, [editor, lit, breakpoints]);
  useEffect(() => () => editor.overlay.set({}), [editor]);
  const toggle = (): void => {
    if (chosen !== undefined) run.toggle(chosen);
  };
  useKeys(t('keysOfPanel.title'), [
    { keys: '.', label: t('keysOfPanel.step'), run: () => (!played ? run.begin(true) : waitsFor(played.frames.at(-1)) === 'pause' && run.act({ do: 'go_on', node: '', variables: {} }, true)) },
    { keys: ',', label: t('keysOfPanel.back'), run: run.back },
    { keys: 'F9', label: t('keysOfPanel.breakpoint'), run: toggle },
  ]);
  return (
    <div className={classes.panel} data-testid="simulator">
      {problem && <ProblemAlert error={problem} />}
      {played ? <Playing run={run} played={played} /> : <Suspense fallback={<div className="skeleton" style={{ height: 240 }} />}><Setup run={run} /></Suspense>}
      <Section title={t('tests.title')}><Suspense><Tests played={played} /></Suspense></Section>
      <div className={classes.stops}>
        <CheckBox checked={stepwise} onChange={run.stepwise.set}>{t('stepwise')}</CheckBox>
        <CheckBox disabled={chosen === undefined} checked={chosen !== undefined && breakpoints.has(chosen)} onChange={toggle}>{t('breakpoint')}</CheckBox>
        {breakpoints.size > 0 && <p className={classes.hint}>{t('breakpoints', { count: breakpoints.size })} <button type="button" className={classes.link} onClick={() => run.breakpoints.set(new Set())}>{t('clearBreakpoints')}</button></p>}
      </div>
    </div>
  );
}

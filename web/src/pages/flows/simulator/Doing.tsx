/** What can be done to a run that waits: one form a kind of wait. */
import { Button, NativeSelect, Textarea, TextInput } from '@mantine/core';
import { IconSend } from '@tabler/icons-react';
import { useId, useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import type { Action } from '../../../api/simulations';
import type { FlowDocument } from '../editor/document';
import { Amount } from './Amount';
import { answersOf, minutesUntil, type WaitsFor } from './reading';
import classes from './simulator.module.css';

export interface DoingProps { document: FlowDocument; node: string; onAct: (action: Action) => void }

const TEXT_MAX = 4_096;
const KEYS = ['1', '2', '3', '4', '5', '6', '7', '8', '9', '*', '0', '#'] as const;
const UNITS = ['minutes', 'hours', 'days', 'weeks'] as const;
type Unit = (typeof UNITS)[number];
const DELIVERED = ['sent', 'delivered', 'read', 'failed'] as const;
const DIALLED = ['answered', 'busy', 'no_answer', 'failed'] as const;

const intentsOf = (document: FlowDocument): string[] =>
  [...new Set(document.nodes.flatMap((node) => (Array.isArray(node.data.intents) ? (node.data.intents as { intent?: unknown }[]).map((one) => String(one.intent ?? '')) : [])))].filter(Boolean);

function ReplyForm({ document, node, onAct }: DoingProps) {
  const { t } = useTranslation('simulator');
  const [text, setText] = useState('');
  const [intent, setIntent] = useState('');
  const [confidence, setConfidence] = useState(0.9);
  const known = useId();
  const answers = answersOf(document, node);
  const reply = (said: string): void => onAct({ do: 'reply', text: said, choice: '', intent: intent || null, confidence: intent ? confidence : 1 });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (text.trim() === '') return;
    reply(text);
    setText('');
  };
  return (
    <form onSubmit={submit} className={classes.doing}>
      <div className={classes.replyLine}>
        <TextInput aria-label={t('reply.label')} placeholder={t('reply.placeholder')} dir="auto" value={text} maxLength={TEXT_MAX} onChange={(event) => setText(event.currentTarget.value)} className={classes.grow} />
        <Button type="submit" rightSection={<IconSend size={15} aria-hidden />}>{t('reply.send')}</Button>
      </div>
      {answers.length > 0 && (
        <div className={classes.chips} role="group" aria-label={t('reply.answers')}>
          {answers.map((answer) => <button key={answer} type="button" className={classes.chip} onClick={() => reply(answer)}>{answer}</button>)}
        </div>
      )}
      <div className={classes.pair}>
        <TextInput label={t('reply.intent')} placeholder={t('reply.intentPlain')} list={known} value={intent} maxLength={80} onChange={(event) => setIntent(event.currentTarget.value)} />
        <datalist id={known}>{intentsOf(document).map((name) => <option key={name} value={name}>{name}</option>)}</datalist>
        {intent !== '' && <Amount label={t('reply.confidence')} min={0} max={1} step={0.05} value={confidence} onChange={setConfidence} />}
      </div>
    </form>
  );
}

function RingForm({ onAct }: DoingProps) {
  const { t } = useTranslation('simulator');
  const call = (happened: (typeof DIALLED)[number], value = ''): void => onAct({ do: 'call', happened, value });
  return (
    <div className={`${classes.doing} ${classes.chips}`} role="group" aria-label={t('keys.ringing')}>
      <button type="button" className={classes.chip} onClick={() => call('answered', 'human')}>{t('keys.answered')}</button>
      <button type="button" className={classes.chip} onClick={() => call('answered', 'machine')}>{t('keys.machine')}</button>
      {DIALLED.slice(1).map((how) => <button key={how} type="button" className={classes.chip} onClick={() => call(how)}>{t(`keys.${how}`)}</button>)}
    </div>
  );
}

function CallForm({ document, node, onAct }: DoingProps) {
  const { t } = useTranslation('simulator');
  const [keys, setKeys] = useState('');
  const [words, setWords] = useState('');
  const type = document.nodes.find((one) => one.id === node)?.type;
  const call = (happened: 'keys' | 'speech' | 'silence' | 'recorded' | 'dialled' | 'hung_up', value = ''): void => {
    onAct({ do: 'call', happened, value });
    setKeys('');
    setWords('');
  };
  return (
    <div className={classes.doing}>
      {type === 'dial' ? (
        <div className={classes.chips} role="group" aria-label={t('keys.dialled')}>
          {DIALLED.map((how) => <button key={how} type="button" className={classes.chip} onClick={() => call('dialled', how)}>{t(`keys.${how}`)}</button>)}
        </div>
      ) : (
        <>
          <div className={classes.replyLine}>
            <TextInput aria-label={t('keys.pressed')} dir="ltr" value={keys} readOnly className={classes.grow} />
            <Button variant="default" disabled={keys === ''} onClick={() => setKeys('')}>{t('keys.clear')}</Button>
            <Button onClick={() => call('keys', keys)}>{t('keys.send')}</Button>
          </div>
          <div className={classes.keypad} dir="ltr" role="group" aria-label={t('keys.label')}>
            {KEYS.map((key) => <button key={key} type="button" aria-label={t('keys.press', { key })} onClick={() => setKeys((old) => (old + key).slice(0, 32))}>{key}</button>)}
          </div>
          <form
            className={classes.replyLine}
            onSubmit={(event) => {
              event.preventDefault();
              if (words.trim()) call('speech', words);
            }}
          >
            <TextInput aria-label={t('keys.speech')} placeholder={t('keys.speech')} dir="auto" value={words} maxLength={200} onChange={(event) => setWords(event.currentTarget.value)} className={classes.grow} />
            <Button type="submit" variant="default">{t('keys.say')}</Button>
          </form>
        </>
      )}
      <div className={classes.chips}>
        {type === 'record' && <button type="button" className={classes.chip} onClick={() => call('recorded')}>{t('keys.recorded')}</button>}
        <button type="button" className={classes.chip} onClick={() => call('silence')}>{t('keys.silence')}</button>
        <button type="button" className={classes.chip} onClick={() => call('hung_up')}>{t('keys.hungUp')}</button>
      </div>
    </div>
  );
}

function HookForm({ onAct }: DoingProps) {
  const { t } = useTranslation('simulator');
  const [status, setStatus] = useState(200);
  const [text, setText] = useState('{}');
  const [wrong, setWrong] = useState(false);
  const answer = (event: FormEvent): void => {
    event.preventDefault();
    try {
      onAct({ do: 'webhook', status, body: text.trim() === '' ? null : (JSON.parse(text) as unknown), error: '' });
      setWrong(false);
    } catch {
      setWrong(true);
    }
  };
  return (
    <form className={classes.doing} onSubmit={answer}>
      <Amount label={t('hook.status')} min={0} max={599} value={status} onChange={setStatus} />
      <Textarea label={t('hook.body')} dir="ltr" autosize minRows={2} maxRows={8} value={text} onChange={(event) => setText(event.currentTarget.value)} error={wrong && t('hook.notJson')} classNames={{ input: classes.code ?? '' }} />
      <div className={classes.actions}>
        <Button type="submit">{t('hook.answer')}</Button>
        <Button variant="default" onClick={() => onAct({ do: 'webhook', status: 500, body: null, error: '' })}>{t('hook.fail')}</Button>
        <Button variant="default" onClick={() => onAct({ do: 'webhook', status: 0, body: null, error: 'timeout' })}>{t('hook.silent')}</Button>
      </div>
    </form>
  );
}

function DeliveryForm({ onAct }: DoingProps) {
  const { t } = useTranslation('simulator');
  return (
    <div className={classes.chips} role="group" aria-label={t('delivery.label')}>
      {DELIVERED.map((status) => <button key={status} type="button" className={classes.chip} onClick={() => onAct({ do: 'delivery', status })}>{t('delivery.label')} {t(`delivery.${status}`)}</button>)}
    </div>
  );
}

function PeopleForm({ onAct }: DoingProps) {
  const { t } = useTranslation('simulator');
  const [outcome, setOutcome] = useState('');
  return (
    <div className={classes.replyLine}>
      <TextInput aria-label={t('people.outcome')} placeholder={t('people.outcome')} value={outcome} maxLength={80} onChange={(event) => setOutcome(event.currentTarget.value)} className={classes.grow} />
      <Button onClick={() => onAct({ do: 'hand_back', outcome })}>{t('people.label')} {t('people.close')}</Button>
    </div>
  );
}

function MendForm({ onAct }: DoingProps) {
  const { t } = useTranslation('simulator');
  const [name, setName] = useState('');
  const [value, setValue] = useState('');
  return (
    <form
      className={classes.doing}
      onSubmit={(event) => {
        event.preventDefault();
        onAct({ do: 'go_on', node: '', variables: name ? { [name]: value } : {} });
      }}
    >
      <p className={classes.hint}>{t('mend.text')}</p>
      <div className={classes.pair}>
        <TextInput label={t('mend.name')} dir="ltr" value={name} maxLength={40} onChange={(event) => setName(event.currentTarget.value)} />
        <TextInput label={t('mend.value')} dir="auto" value={value} maxLength={1_000} onChange={(event) => setValue(event.currentTarget.value)} />
      </div>
      <Button type="submit">{t('mend.again')}</Button>
    </form>
  );
}

/** While a time passes: what the contact writes is remembered. */
function MeanwhileForm(props: DoingProps) {
  const { t } = useTranslation('simulator');
  return <><p className={classes.hint}>{t('reply.meanwhile')}</p><ReplyForm {...props} /></>;
}

const FORMS: Partial<Record<WaitsFor, (props: DoingProps) => React.ReactNode>> = { reply: ReplyForm, time: MeanwhileForm, call: CallForm, ringing: RingForm, webhook: HookForm, delivery: DeliveryForm, people: PeopleForm, stuck: MendForm };

/** The form for what the run waits for; nothing where only time can pass. */
export function Doing({ waits, ...props }: DoingProps & { waits: WaitsFor }) {
  const Form = FORMS[waits];
  return Form ? <Form {...props} /> : null;
}

/** Time passes, by an amount or until the wait is due; every timer on the way runs out. */
export function PassTime({ now, until, onAct }: { now: string; until: string | null; onAct: (action: Action) => void }) {
  const { t } = useTranslation('simulator');
  const [amount, setAmount] = useState(1);
  const [unit, setUnit] = useState<Unit>('hours');
  const pass = (much: number, of: Unit): void => onAct({ do: 'pass_time', duration: { amount: much, unit: of } });
  return (
    <details className={classes.time}>
      <summary>{t('time.label')}</summary>
      <div className={classes.chips}>
        <button type="button" className={classes.chip} onClick={() => pass(1, 'hours')}>{t('time.hour')}</button>
        <button type="button" className={classes.chip} onClick={() => pass(1, 'days')}>{t('time.day')}</button>
        <button type="button" className={classes.chip} onClick={() => pass(3, 'days')}>{t('time.days')}</button>
        {until !== null && <button type="button" className={classes.chip} onClick={() => pass(minutesUntil(now, until), 'minutes')}>{t('time.due')}</button>}
      </div>
      <div className={classes.replyLine}>
        <Amount label={t('time.amount')} hidden min={1} max={366} value={amount} onChange={(value) => setAmount(Math.max(1, Math.trunc(value)))} className={classes.narrow} />
        <NativeSelect aria-label={t('time.unit')} data={UNITS.map((one) => ({ value: one, label: one === 'days' ? t('time.days_unit') : t(`time.${one}`) }))} value={unit} onChange={(event) => setUnit(event.currentTarget.value as Unit)} className={classes.grow} />
        <Button variant="default" onClick={() => pass(amount, unit)}>{t('time.pass')}</Button>
      </div>
    </details>
  );
}

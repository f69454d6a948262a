import { IconCheck, IconX } from '@tabler/icons-react';
import type { TFunction } from 'i18next';
import { useTranslation } from 'react-i18next';
import type { Cost, Frame } from '../../../api/simulations';
import { useMe } from '../../../app/session';
import { matchOf } from '../../../ui/ConditionBuilder/match';
import { formatMoney } from '../../../ui/Money';
import { decimal } from '../../../ui/numbers';
import { shortTime } from '../../../ui/time';
import { stepOf, type FlowDocument } from '../editor/document';
import { looksOf } from '../editor/looks';
import { useNodeTypes } from '../editor/nodeTypes';
import { passedOf, totalOf, type Effect, type Group, type Passed, type Rule, type Why } from './reading';
import classes from './simulator.module.css';

const PRICE_DIGITS = 4;
const written = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

function Verdict({ holds }: { holds: boolean }) {
  const { t } = useTranslation('simulator');
  const Glyph = holds ? IconCheck : IconX;
  return <span className={classes.verdict} data-holds={holds}><Glyph size={13} aria-hidden /><span className="visually-hidden">{t(holds ? 'steps.holds' : 'steps.holdsNot')}</span></span>;
}

function Condition({ node }: { node: Group | Rule }) {
  const { t } = useTranslation('simulator');
  if ('rules' in node) {
    if (node.rules.length === 1 && !node.not && node.rules[0]) return <Condition node={node.rules[0]} />;
    return (
      <li>
        <Verdict holds={node.result} /> {t(`conditions:match.${matchOf(node)}`)}
        <ul className={classes.tree}>{node.rules.map((rule, nth) => <Condition key={nth} node={rule} />)}</ul>
      </li>
    );
  }
  const found = node.found === null || node.found === undefined ? t('steps.nothing') : written(node.found);
  return <li><Verdict holds={node.result} /> {node.words} <small className={classes.found}>{t('steps.found', { value: found })}</small></li>;
}

function plainWhy(why: Why, t: TFunction<'simulator'>): string | null {
  if (why.threshold !== undefined) {
    return why.intent ? t('steps.intent', { intent: why.intent, confidence: (why.confidence ?? 0).toFixed(2), threshold: why.threshold.toFixed(2) }) : t('steps.noIntent', { threshold: why.threshold.toFixed(2) });
  }
  if (why.share !== undefined) return t('steps.share', { share: why.share.toFixed(2), result: why.result ?? '' });
  if (why.error !== undefined) return t('steps.error', { error: why.error, tries: why.tries ?? 1 });
  if (why.status !== undefined) return t('steps.status', { status: why.status });
  if (why.why) return t('steps.notUnderstood', { why: why.why });
  return why.answer === undefined ? null : t('steps.answer', { answer: written(why.answer) });
}

function Reason({ why }: { why: Why }) {
  const { t } = useTranslation('simulator');
  if (why.condition) {
    return (
      <li>
        {why.name && <span className={classes.case}>{t('steps.case', { name: why.name })} <Verdict holds={why.condition.result} /></span>}
        <ul className={classes.tree}><Condition node={why.condition} /></ul>
      </li>
    );
  }
  const words = plainWhy(why, t);
  return words === null ? null : <li><bdi>{words}</bdi></li>;
}

function effectWords(effect: Effect, t: TFunction<'simulator'>, zone: string): string {
  const text = (name: string): string => (effect[name] === undefined || effect[name] === null ? '' : written(effect[name]));
  switch (effect.type) {
    case 'hand_over': return text('queue') ? t('effect.hand_over', { queue: text('queue') }) : t('effect.hand_over_rules');
    case 'start_timer': return t('effect.start_timer', { time: shortTime(text('at'), zone) });
    case 'call_step': return t('effect.call_step', { step: String((effect.step as { type?: string } | undefined)?.type ?? '') });
    default: return t(`effect.${effect.type}`, { tag: text('tag'), key: text('key'), value: text('value') || t('steps.nothing'), name: text('name'), method: text('method'), url: text('url'), defaultValue: effect.type });
  }
}

function Price({ cost }: { cost: Cost }) {
  const { t } = useTranslation('simulator');
  const parts = cost.channel === 'sms' ? ` · ${t('steps.parts', { count: cost.parts })}` : '';
  return <small className={classes.price}>{t(`common:channel.${cost.channel}`, cost.channel)}{parts} · {cost.refused || formatMoney(cost.price, cost.currency, PRICE_DIGITS)}</small>;
}

function StepLine({ step, document, stands, onShow }: { step: Passed; document: FlowDocument; stands: boolean; onShow: (node: string) => void }) {
  const { t } = useTranslation('simulator');
  const me = useMe();
  const types = useNodeTypes();
  const type = step.inside ? undefined : stepOf(document, step.node)?.type;
  const { icon: Glyph, color } = looksOf(type ?? '');
  const title = (type && types.get(type)?.title) || step.node;
  return (
    <li className={classes.step}>
      <span className={classes.stepIcon} style={{ background: color }}><Glyph size={12} aria-hidden /></span>
      <div className={classes.stepBody}>
        <div className={classes.stepHead}>
          {step.inside ? <span>{step.node} <small>{t('steps.inside')}</small></span> : <button type="button" className={classes.link} title={t('steps.show', { step: title })} onClick={() => onShow(step.node)}>{title}<small>{step.node}</small></button>}
          {step.port && step.port !== 'in' && <bdi className={classes.port}>{t('steps.by', { port: t(`flows:port.${step.port}`, step.port) })}</bdi>}
          {stands && <span className={classes.port}>{t('steps.waits')}</span>}
        </div>
        {step.why.length > 0 && <ul className={classes.why}>{step.why.map((why, nth) => <Reason key={nth} why={why} />)}</ul>}
        {step.effects.length > 0 && (
          <ul className={classes.effects}>
            {step.effects.map(({ effect, cost }, nth) => (
              <li key={nth}><bdi>{effectWords(effect, t, me.tenant.time_zone)}</bdi>{cost && <><q><bdi>{cost.text}</bdi></q><Price cost={cost} /></>}</li>
            ))}
          </ul>
        )}
      </div>
    </li>
  );
}

/** Every step of the run: why it went its way, what it did, what that costs. */
export function Steps({ frames, document, onShow }: { frames: readonly Frame[]; document: FlowDocument; onShow: (node: string) => void }) {
  const { t } = useTranslation('simulator');
  const last = frames.at(-1);
  const totals = [...totalOf(frames)];
  if (!last) return <p className={classes.hint}>{t('steps.none')}</p>;
  return (
    <>
      <ol className={classes.steps}>
        {frames.flatMap((frame, at) => passedOf(frame, document).map((step, nth, all) => (
          <StepLine key={`${at} ${nth}`} step={step} document={document} stands={frame === last && nth === all.length - 1 && step.port === '' && frame.status === 'waiting'} onShow={onShow} />
        )))}
      </ol>
      {last.outcome && <p className={classes.hint}>{t('steps.outcome', { outcome: last.outcome })}</p>}
      {totals.map(([currency, micros]) => <p key={currency} className={classes.total}>{t('steps.total', { amount: formatMoney(decimal(micros), currency, PRICE_DIGITS) })}</p>)}
    </>
  );
}

import { Button } from '@mantine/core';
import { IconCircleCheck, IconHandStop, IconPlayerPlay, IconUserPause } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { Decision, DecisionKind, Experiment, ExperimentArm } from '../../../api/experiments';
import { can } from '../../../api/permissions';
import { useMe } from '../../../app/session';
import { formatMoney } from '../../../ui/Money';
import { decimal, formatCount, formatPercent } from '../../../ui/numbers';
import { Status, type Tone } from '../../../ui/Status';
import { When } from '../../../ui/When';
import { barOf, byItself, choicesOf, holding, liftOf } from './arms';
import classes from './experiments.module.css';

const LOOKS = {
  running: { tone: 'info', icon: IconPlayerPlay },
  stopped: { tone: 'danger', icon: IconHandStop },
  winner: { tone: 'success', icon: IconCircleCheck },
  hold_out: { tone: 'neutral', icon: IconUserPause },
} as const satisfies Record<ExperimentArm['status'], { tone: Tone; icon: typeof IconCircleCheck }>;

const signed = (value: number): string => `${value < 0 ? '−' : '+'}${formatPercent(Math.abs(value))}`;

/** Who decided, when and why. */
export function Who({ decision, words }: { decision: Decision; words: string }) {
  return <p className={classes.who}>{words} · <When at={decision.at} />{decision.reason && <span className={classes.reason}>{decision.reason}</span>}</p>;
}

/** The interval as a line with the rate as a point, on the axis that all arms share; the numbers stand beside it. */
function Bar({ arm, axis }: { arm: ExperimentArm; axis: number }) {
  const { t } = useTranslation('experiments');
  const bar = barOf(arm, axis);
  if (!bar || arm.rate === null) return <p className={classes.dim}>{t('nobody')}</p>;
  return (
    <div>
      <div className={classes.track} aria-hidden>
        <span className={classes.span} style={{ insetInlineStart: `${bar.start}%`, inlineSize: `${bar.width}%` }} />
        <span className={classes.point} style={{ insetInlineStart: `${bar.at}%` }} />
      </div>
      <p className={classes.rate}>{t('rate', { rate: formatPercent(arm.rate), low: formatPercent(arm.rate_low), high: formatPercent(arm.rate_high) })}</p>
    </div>
  );
}

function Lift({ arm, first }: { arm: ExperimentArm; first: string }) {
  const { t } = useTranslation('experiments');
  const lift = liftOf(arm);
  if (!lift) return null;
  const words = { by: signed(lift.by), first, low: signed(lift.low) };
  return <p className={classes.dim}>{lift.high === null ? t('liftOpen', words) : t('lift', { ...words, high: signed(lift.high) })}</p>;
}

function Numbers({ arm }: { arm: ExperimentArm }) {
  const { t } = useTranslation('experiments');
  const { currency } = useMe().tenant;
  const money = (micros: number): string => formatMoney(decimal(BigInt(micros)), currency);
  const each = arm.cost_per_conversion_micros;
  return (
    <dl className={classes.numbers}>
      <div><dt>{t('entries')}</dt><dd>{formatCount(arm.entries)}</dd></div>
      <div><dt>{t('conversions')}</dt><dd>{formatCount(arm.conversions)}</dd></div>
      <div><dt>{t('optOuts')}</dt><dd>{arm.opt_out_rate === null ? formatCount(arm.opt_outs) : t('optOutsOf', { count: arm.opt_outs, rate: formatPercent(arm.opt_out_rate) })}</dd></div>
      <div><dt>{t('cost')}</dt><dd>{money(arm.cost_micros)}</dd></div>
      <div><dt>{t('perConversion')}</dt><dd>{each === null ? '–' : money(each)}</dd></div>
      <div><dt title={t('likelyHelp')}>{t('likely')}</dt><dd>{arm.likely_best === null || arm.entries === 0 ? '–' : formatPercent(arm.likely_best)}</dd></div>
    </dl>
  );
}

/** An arm: how it stands and since when, its numbers, what may be decided. */
export function Arm({ experiment, arm, axis, onShow, onWant }: { experiment: Experiment; arm: ExperimentArm; axis: number; onShow: (() => void) | null; onWant: (kind: DecisionKind) => void }) {
  const { t } = useTranslation('experiments');
  const me = useMe();
  const { tone, icon: Glyph } = LOOKS[arm.status];
  const name = arm.status === 'hold_out' ? t('holdOut') : arm.name;
  const stop = holding(experiment.decisions, 'stop', arm.name);
  const choices = can(me, 'steerCampaigns') ? choicesOf(experiment, arm) : [];
  // Beside a winner all others stand still; only those that were stopped before say so.
  const idle = arm.status === 'stopped' && !stop;
  return (
    <li className={classes.arm} data-arm={arm.name} data-status={arm.status}>
      <div className={classes.armHead}>
        {onShow ? <button type="button" className={classes.link} aria-label={t('showArm', { arm: name })} title={t('show')} onClick={onShow}><bdi>{name}</bdi></button> : <strong><bdi>{name}</bdi></strong>}
        {!idle && arm.status !== 'hold_out' && <Status tone={tone} icon={<Glyph size={14} aria-hidden />}>{t(`status.${arm.status}`)}</Status>}
        <span className={classes.share}>{t('share', { share: formatPercent(arm.share) })}</span>
      </div>
      {stop && <Who decision={stop} words={byItself(stop) ? t('by.stopSystem') : t('by.stopPerson', { name: stop.actor.name || t('by.nobody') })} />}
      <Bar arm={arm} axis={axis} />
      <Lift arm={arm} first={experiment.arms[0]?.name ?? ''} />
      <Numbers arm={arm} />
      {choices.length > 0 && (
        <div className={classes.doings}>
          {choices.map((kind) => <Button key={kind} size="xs" variant="default" aria-label={t('choose.of', { what: t(`choose.${kind}`), arm: arm.name })} onClick={() => onWant(kind)}>{t(`choose.${kind}`)}</Button>)}
        </div>
      )}
    </li>
  );
}

import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { IconArrowsSplit } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { experimentsQuery, type Decision, type Experiment } from '../../../api/experiments';
import { flowQuery } from '../../../api/flows';
import { can } from '../../../api/permissions';
import { useMe } from '../../../app/session';
import { EmptyState } from '../../../ui/EmptyState';
import { formatPercent } from '../../../ui/numbers';
import { ProblemAlert } from '../../../ui/ProblemAlert';
import { ProgressBar } from '../../../ui/ProgressBar';
import { Status } from '../../../ui/Status';
import { absoluteTime } from '../../../ui/time';
import { NOTHING, stepOf } from '../editor/document';
import { useDocument, useEditor } from '../editor/editor';
import { useNodeTypes } from '../editor/nodeTypes';
import { Arm, Who } from './Arm';
import { axisOf, byItself, holding, progressOf } from './arms';
import { DecisionDialog, type Wanted } from './DecisionDialog';
import classes from './experiments.module.css';

const TONES = { running: 'info', decided: 'success', inconclusive: 'warning' } as const;

/** How the experiment stands, in words. */
function Standing({ experiment, onBack }: { experiment: Experiment; onBack: () => void }) {
  const { t } = useTranslation('experiments');
  const me = useMe();
  const { entries, entries_planned: planned, winner } = experiment;
  const chosen = holding(experiment.decisions, 'winner', winner);
  if (winner !== '') {
    return (
      <div className={classes.won}>
        <p>{t('won', { arm: winner })}</p>
        {chosen && <Who decision={chosen} words={byItself(chosen) ? t('by.system') : t('by.person', { name: chosen.actor.name || t('by.nobody') })} />}
        {can(me, 'steerCampaigns') && <Button size="xs" variant="default" onClick={onBack}>{t('choose.resume')}</Button>}
      </div>
    );
  }
  if (experiment.state === 'inconclusive') return <p>{t('inconclusive')}</p>;
  const words = t('collecting', { entries, planned });
  return <div><ProgressBar share={progressOf(experiment)} label={words} /><p className={classes.dim}>{words}</p></div>;
}

/** What was decided before, the newest first. */
function History({ decisions }: { decisions: readonly Decision[] }) {
  const { t } = useTranslation('experiments');
  if (decisions.length === 0) return null;
  return (
    <details className={classes.history}>
      <summary>{t('history')}</summary>
      <ol>
        {decisions.map((one) => {
          const what = t(`past.${one.kind === 'resume' && one.arm === '' ? 'all' : one.kind}`, { arm: one.arm });
          const kind = one.kind === 'winner' ? 'by.person' : one.kind === 'stop' ? 'by.stopPerson' : 'by.resume';
          const own = one.kind === 'winner' ? 'by.system' : 'by.stopSystem';
          const who = byItself(one) ? t(own) : t(kind, { name: one.actor.name || t('by.nobody') });
          return <li key={`${one.at} ${one.kind} ${one.arm}`}><strong>{what}</strong><Who decision={one} words={who} /></li>;
        })}
      </ol>
    </details>
  );
}

function OneExperiment({ experiment }: { experiment: Experiment }) {
  const { t } = useTranslation('experiments');
  const me = useMe();
  const editor = useEditor();
  const types = useNodeTypes();
  const step = stepOf(useDocument(), experiment.node);
  const [wanted, setWanted] = useState<Wanted | null>(null);
  const axis = axisOf(experiment.arms);
  const winner = experiment.arms.find((arm) => arm.name === experiment.winner);
  const show = (): void => {
    editor.select({ ...NOTHING, nodes: [experiment.node] });
    editor.canvas.current?.center(experiment.node);
  };
  const title = <>{types.get('split')?.title ?? ''} <bdi>{experiment.node}</bdi></>;
  const sure = formatPercent(experiment.confidence);
  return (
    <section className={classes.experiment} aria-label={experiment.node} data-experiment={experiment.node} data-state={experiment.state}>
      <div className={classes.head}>
        <h3>{step ? <button type="button" className={classes.link} title={t('show')} onClick={show}>{title}</button> : <>{title} <small>{t('gone')}</small></>}</h3>
        <Status tone={TONES[experiment.state]}>{t(`state.${experiment.state}`)}</Status>
      </div>
      <p className={classes.dim}>{t('goal', { goal: experiment.goal })} · {t('since', { time: absoluteTime(experiment.since, me.tenant.time_zone) })}</p>
      <Standing experiment={experiment} onBack={() => winner && setWanted({ kind: 'all', arm: winner })} />
      <ul className={classes.arms}>
        {experiment.arms.map((arm) => <Arm key={arm.name} experiment={experiment} arm={arm} axis={axis} onShow={step ? show : null} onWant={(kind) => setWanted({ kind, arm })} />)}
      </ul>
      <p className={classes.dim}>{t('axis', { end: formatPercent(axis) })} · {t(experiment.automatic ? 'automatic' : 'byHand', { confidence: sure })}</p>
      <History decisions={experiment.decisions} />
      {wanted && <DecisionDialog experiment={experiment} wanted={wanted} onClose={() => setWanted(null)} />}
    </section>
  );
}

/** The random splits of the published flow with what is known of their arms, and what may be decided of them. */
export function ExperimentsPanel() {
  const { t } = useTranslation('experiments');
  const editor = useEditor();
  const flow = useQuery(flowQuery(editor.flowId));
  const { data, error, refetch } = useQuery(experimentsQuery(editor.flowId));
  const problem = (data ? null : error) ?? (flow.data ? null : flow.error);
  if (problem) return <ProblemAlert error={problem} onRetry={() => void Promise.all([refetch(), flow.refetch()])} />;
  if (!data || !flow.data) return <div className="skeleton" style={{ height: 240 }} />;
  if (data.items.length === 0) {
    const running = flow.data.version > 0;
    return <EmptyState icon={IconArrowsSplit} title={t(running ? 'none' : 'unpublished')} text={t(running ? 'noneText' : 'unpublishedText')} />;
  }
  return (
    <div className={classes.panel} data-testid="experiments">
      <p className={classes.dim}>{t('hint')}</p>
      {error && <p role="alert" className={classes.warn}>{t('stale')}</p>}
      {data.items.map((one) => <OneExperiment key={one.node} experiment={one} />)}
    </div>
  );
}

import '@mantine/core/styles/Combobox.layer.css';
import { Select } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { IconActivity } from '@tabler/icons-react';
import { useEffect, useMemo, useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { figuresQuery, type FlowFigures } from '../../../api/flowLive';
import { flowQuery, flowVersionQuery, flowVersionsQuery } from '../../../api/flows';
import { useMe } from '../../../app/session';
import { EmptyState } from '../../../ui/EmptyState';
import { formatCount, formatDuration, formatShare } from '../../../ui/numbers';
import { ProblemAlert } from '../../../ui/ProblemAlert';
import { exactTime } from '../../../ui/time';
import { useNow } from '../../../ui/useNow';
import { documentOf, NOTHING, stepOf, type FlowDocument } from '../editor/document';
import { useEditor, type Overlay } from '../editor/editor';
import { useNodeTypes } from '../editor/nodeTypes';
import { goesOn, heatOf, signature, standing, told, tookOf, waysById } from './heat';
import { Inside } from './Inside';
import classes from './live.module.css';

const STALE_MS = 10_000;
const SPANS = { ever: null, day: 1, week: 7, month: 30 } as const;
type Span = keyof typeof SPANS;

function badgesOf(figures: FlowFigures, waits: (count: number) => string, leave: (count: number) => string): NonNullable<Overlay['badges']> {
  // Where nothing follows everybody leaves: that is no loss.
  const onward = goesOn(figures);
  const nodes = new Map<string, ReactNode>();
  for (const node of figures.nodes) {
    nodes.set(node.node, (
      <span className={classes.heat} data-heat={heatOf(node.entered, figures.started)} data-figures={`${node.entered} ${node.waiting} ${node.stuck} ${node.left}`}>
        {formatCount(node.entered)}{standing(node) > 0 && <> · {waits(standing(node))}</>}{node.left > 0 && onward.has(node.node) && <> · {leave(node.left)}</>}
      </span>
    ));
  }
  const edges = new Map<string, ReactNode>();
  for (const [id, way] of waysById(figures)) edges.set(id, <span className={classes.heat} data-heat={heatOf(way.count, figures.started)} data-way={way.count} data-from={`${way.source} ${way.port}`}>{formatCount(way.count)} · {formatShare(way.share, 1)}</span>);
  return { nodes, edges };
}

/** Lays the figures on the canvas, over the version that they are of. */
function useOverlay(figures: FlowFigures | undefined, document: FlowDocument | null): void {
  const { t } = useTranslation('flowlive');
  const editor = useEditor();
  const version = figures?.version;
  const mark = figures ? signature(figures) : '';
  // Figures that say the same draw no box anew.
  // oxlint-disable-next-line react/exhaustive-deps
  const badges = useMemo(() => figures && badgesOf(figures, (count) => t('figures.waits', { count }), (count) => t('figures.leave', { count })), [mark, t]);
  useEffect(() => {
    if (document && version !== undefined) editor.shown.set({ title: t('figures.title', { version }), document });
  }, [editor, document, version, t]);
  useEffect(() => {
    if (badges) editor.overlay.set({ badges });
  }, [editor, badges]);
  useEffect(() => () => {
    editor.shown.set(null);
    editor.picked.set(NOTHING);
    editor.overlay.set({});
  }, [editor]);
}

function Table({ figures, document }: { figures: FlowFigures; document: FlowDocument }) {
  const { t } = useTranslation('flowlive');
  const editor = useEditor();
  const types = useNodeTypes();
  return (
    <div className={classes.scroll}>
      <table className={classes.table}>
        <caption className="visually-hidden">{t('figures.table')}</caption>
        <thead><tr><th scope="col">{t('figures.step')}</th><th scope="col">{t('figures.in')}</th><th scope="col">{t('figures.waiting')}</th><th scope="col">{t('figures.left')}</th><th scope="col">{t('figures.took')}</th></tr></thead>
        <tbody>
          {told(figures).map((row) => {
            const step = stepOf(document, row.node);
            const took = tookOf(figures, row.node);
            return (
              <tr key={row.node}>
                <th scope="row">
                  {step ? <button type="button" className={classes.link} title={t('figures.show')} onClick={() => {
                    editor.picked.set({ ...NOTHING, nodes: [row.node] });
                    editor.canvas.current?.center(row.node);
                  }}>{types.get(step.type)?.title ?? step.type}<small>{row.node}</small></button> : <span>{row.node} <small>{t('figures.gone')}</small></span>}
                </th>
                <td>{formatCount(row.entered)}</td>
                <td>{formatCount(standing(row))}{row.stuck > 0 && <small className={classes.stuck}>{t('figures.stuck', { count: row.stuck })}</small>}</td>
                <td>{figures.since === null ? formatCount(row.left) : '–'}</td>
                <td>{took === null ? '–' : formatDuration(took)}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

function Figures({ flowId, version, days }: { flowId: string; version: number; days: number | null }) {
  const { t } = useTranslation('flowlive');
  const me = useMe();
  const now = useNow();
  const { data, error, refetch } = useQuery(figuresQuery(flowId, version, days));
  const written = useQuery(flowVersionQuery(flowId, version));
  const document = useMemo(() => (written.data ? documentOf(written.data.document) : null), [written.data]);
  useOverlay(data, document);
  const problem = (data ? null : error) ?? written.error;
  if (problem) return <ProblemAlert error={problem} onRetry={() => void Promise.all([refetch(), written.refetch()])} />;
  if (!data || !document) return <div className="skeleton" style={{ height: 200 }} />;
  const inside = data.nodes.reduce((sum, node) => sum + standing(node), 0);
  const stuck = data.nodes.reduce((sum, node) => sum + node.stuck, 0);
  const stale = now - Date.parse(data.as_of) > STALE_MS && Boolean(error);
  return (
    <div className={classes.figures} data-stale={stale || undefined}>
      <p className={classes.sum} aria-live="polite">
        <strong>{t('figures.started', { count: data.started })}</strong>
        <span>{t('figures.inside', { count: inside })}</span>
        {stuck > 0 && <span className={classes.stuck}>{t('figures.stuck', { count: stuck })}</span>}
        <small>{t('figures.asOf', { time: exactTime(data.as_of, me.tenant.time_zone) })}</small>
      </p>
      {stale && <p role="alert" className={classes.warn}>{t('figures.stale')}</p>}
      <Table figures={data} document={document} />
    </div>
  );
}

/** A published version at work: counts on the canvas, who waits where, where they leave, how long it takes. */
export function LivePanel() {
  const { t } = useTranslation('flowlive');
  const editor = useEditor();
  const flow = useQuery(flowQuery(editor.flowId));
  const versions = useQuery(flowVersionsQuery(editor.flowId));
  const [chosen, setChosen] = useState<number | null>(null);
  const [span, setSpan] = useState<Span>('ever');
  const error = flow.error ?? versions.error;
  const running = flow.data?.version ?? 0;
  const version = chosen ?? running;
  const { data } = useQuery({ ...figuresQuery(editor.flowId, version, SPANS[span]), enabled: version > 0 });
  if (error) return <ProblemAlert error={error} onRetry={() => void Promise.all([flow.refetch(), versions.refetch()])} />;
  if (!flow.data || !versions.data) return <div className="skeleton" style={{ height: 200 }} />;
  if (running === 0) return <EmptyState icon={IconActivity} title={t('figures.none')} text={t('figures.noneText')} />;
  const inside = new Map(data?.inside.map((one) => [one.version, one.sessions]));
  return (
    <div className={classes.panel} data-testid="live-figures">
      <div className={classes.pair}>
        <Select
          label={t('figures.which')}
          data={versions.data.items.map((one) => ({ value: String(one.version), label: inside.get(one.version) ? t('figures.versionInside', { version: one.version, count: inside.get(one.version) }) : t('figures.version', { version: one.version }) }))}
          value={String(version)}
          allowDeselect={false}
          onChange={(next) => next && setChosen(Number(next))}
        />
        <Select label={t('figures.span')} data={Object.keys(SPANS).map((one) => ({ value: one, label: t(`figures.${one}`) }))} value={span} allowDeselect={false} onChange={(next) => next && setSpan(next as Span)} />
      </div>
      <p className={classes.hint}>{t('figures.hint')}</p>
      <Figures flowId={editor.flowId} version={version} days={SPANS[span]} />
      <Inside />
    </div>
  );
}

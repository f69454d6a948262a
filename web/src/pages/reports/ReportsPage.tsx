import { Button, NativeSelect, SegmentedControl, TextInput } from '@mantine/core';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { IconChartBar, IconDownload } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { can } from '../../api/permissions';
import { reportFile, reportQuery, type ReportOf, type ReportSpan } from '../../api/supervision';
import type { Figures, Report } from '../../api/types';
import { Denied } from '../../app/Fallbacks';
import { useMe } from '../../app/session';
import { EmptyState } from '../../ui/EmptyState';
import { formatCount, formatDuration, formatShare } from '../../ui/numbers';
import { ProblemAlert } from '../../ui/ProblemAlert';
import { clockTime, dayName, shortDay, shortTime } from '../../ui/time';
import { Bars } from './Bars';
import { dayOf } from './days';
import classes from './reports.module.css';

const COUNTS = ['entered', 'taken', 'passed_up', 'answered', 'in_time', 'late', 'closed', 'abandoned', 'breached', 'rated'] as const;
const TIMES = ['first_response_median_s', 'first_response_p90_s', 'handling_median_s', 'handling_p90_s'] as const;
/** An agent neither has conversations come nor lets them be abandoned: those are a queue's. */
const OF_AGENTS = COUNTS.filter((name) => name !== 'entered' && name !== 'abandoned');
const WEEK_DAYS = 6;

type Count = (typeof COUNTS)[number];
interface Line { key: string; name: string; figures: Figures }

const NONE = '–';
const duration = (seconds: number | null): string => (seconds === null ? NONE : formatDuration(seconds));
const score = (figures: Figures): string => (figures.mean_score === null ? NONE : figures.mean_score.toLocaleString(document.documentElement.lang || 'en', { minimumFractionDigits: 1, maximumFractionDigits: 1 }));
const happened = (figures: Figures): boolean => COUNTS.some((name) => figures[name] > 0);

function Table({ title, head, lines, counts, total }: { title: string; head: string; lines: Line[]; counts: readonly Count[]; total: Figures }) {
  const { t } = useTranslation('reports');
  const cells = (figures: Figures) => (
    <>
      {counts.map((name) => <td key={name}>{formatCount(figures[name])}</td>)}
      <td>{score(figures)}</td>
      {TIMES.map((name) => <td key={name}>{duration(figures[name])}</td>)}
    </>
  );
  return (
    <section className={`surface ${classes.panel}`} aria-label={title}>
      <h2>{title}</h2>
      <div className={classes.scroll} tabIndex={0} role="group" aria-label={title}>
        <table className={classes.table}>
          <thead><tr><th scope="col">{head}</th>{[...counts, 'mean_score', ...TIMES].map((name) => <th key={name} scope="col">{t(`figure.${name}`)}</th>)}</tr></thead>
          <tbody>{lines.map((line) => <tr key={line.key}><th scope="row"><bdi>{line.name}</bdi></th>{cells(line.figures)}</tr>)}</tbody>
          <tfoot><tr><th scope="row">{t('total')}</th>{cells(total)}</tr></tfoot>
        </table>
      </div>
    </section>
  );
}

/** What whoever opens the page wants to know first. */
function Tiles({ total, of }: { total: Figures; of: ReportOf }) {
  const { t } = useTranslation('reports');
  const due = total.in_time + total.late;
  const tiles = [
    ...(of === 'queues' ? [{ name: t('figure.entered'), value: formatCount(total.entered), more: t('tile.closed', { number: formatCount(total.closed) }) }] : []),
    { name: t('figure.answered'), value: formatCount(total.answered), more: t('tile.taken', { number: formatCount(total.taken) }) },
    { name: t('tile.inTime'), value: due > 0 ? formatShare(total.in_time, due) : NONE, more: t('tile.late', { number: formatCount(total.late) }) },
    { name: t('tile.first'), value: duration(total.first_response_median_s), more: t('tile.p90', { time: duration(total.first_response_p90_s) }) },
    { name: t('tile.handling'), value: duration(total.handling_median_s), more: t('tile.p90', { time: duration(total.handling_p90_s) }) },
    { name: t('tile.score'), value: score(total), more: t('tile.rated', { count: total.rated }) },
  ];
  return <dl className={classes.tiles}>{tiles.map(({ name, value, more }) => <div key={name} className={`surface ${classes.tile}`}><dt>{name}</dt><dd>{value}<small>{more}</small></dd></div>)}</dl>;
}

function Body({ of, report }: { of: ReportOf; report: Report }) {
  const { t } = useTranslation('reports');
  const counts: readonly Count[] = of === 'queues' ? COUNTS : OF_AGENTS;
  const [chosen, setChosen] = useState<Count>('answered');
  if (!happened(report.total)) return <div className="surface"><EmptyState icon={IconChartBar} title={t('none')} text={t('noneText')} /></div>;
  const hourly = report.interval === 'hour';
  const word = (at: string): string => (hourly ? shortTime(at, report.time_zone) : dayName(at, report.time_zone));
  const short = (at: string): string => (hourly ? clockTime(at, report.time_zone) : shortDay(at, report.time_zone));
  const intervals = report.intervals.map(({ start, figures }) => ({ key: start, name: word(start), short: short(start), figures }));
  const items = report.items.map(({ id, name, figures }) => ({ key: id ?? 'none', name: name || (id ? t('gone') : t('noQueue')), figures }));
  const charted = counts.includes(chosen) ? chosen : 'answered';
  return (
    <>
      <Tiles total={report.total} of={of} />
      <section className={`surface ${classes.panel}`} aria-label={t('chart')}>
        <NativeSelect className={classes.chosen} label={t('chart')} value={charted} onChange={(event) => setChosen(event.currentTarget.value as Count)} data={counts.map((name) => ({ value: name, label: t(`figure.${name}`) }))} />
        <Bars title={t(`figure.${charted}`)} bars={intervals.map(({ name, short: brief, figures }) => ({ when: name, short: brief, value: figures[charted] }))} />
      </section>
      {items.length > 0 && <Table title={t(of === 'agents' ? 'byAgent' : 'byQueue')} head={t('name')} lines={items} counts={counts} total={report.total} />}
      <Table title={t('intervals')} head={t('when')} lines={intervals.filter((line) => happened(line.figures))} counts={counts} total={report.total} />
    </>
  );
}

function Reports({ choices }: { choices: ReportOf[] }) {
  const { t } = useTranslation('reports');
  const me = useMe();
  const zone = me.tenant.time_zone;
  const [of, setOf] = useState<ReportOf>(choices[0] ?? 'me');
  const [span, setSpan] = useState<ReportSpan>(() => ({ from: dayOf(Date.now(), zone, WEEK_DAYS), to: dayOf(Date.now(), zone), interval: 'day' }));
  const { data, error, refetch } = useQuery({ ...reportQuery(of, span), placeholderData: keepPreviousData });
  const change = (part: Partial<ReportSpan>): void => setSpan({ ...span, ...part });
  return (
    <div className={classes.page}>
      <div className={classes.head}>
        <div><h1>{t('title')}</h1><p className={classes.dim}>{choices.length > 1 ? t('lead', { zone }) : t('ownLead', { zone })}</p></div>
        {of !== 'me' && <Button component="a" variant="default" href={reportFile(of, span)} download leftSection={<IconDownload size={16} aria-hidden />}>{t('csv')}</Button>}
      </div>
      <div className={classes.bar}>
        {choices.length > 1 && <SegmentedControl aria-label={t('of')} value={of} onChange={(value) => setOf(value as ReportOf)} data={choices.map((value) => ({ value, label: t(value) }))} />}
        <TextInput type="date" label={t('from')} value={span.from} max={span.to} onChange={(event) => event.currentTarget.value && change({ from: event.currentTarget.value })} />
        <TextInput type="date" label={t('to')} value={span.to} min={span.from} onChange={(event) => event.currentTarget.value && change({ to: event.currentTarget.value })} />
        <NativeSelect label={t('interval')} value={span.interval} onChange={(event) => change({ interval: event.currentTarget.value as ReportSpan['interval'] })} data={[{ value: 'day', label: t('day') }, { value: 'hour', label: t('hour') }]} />
      </div>
      {error && <ProblemAlert error={error} onRetry={() => void refetch()} />}
      {!data && !error && <div className="skeleton" style={{ height: 240 }} aria-busy />}
      {data && !error && <Body of={of} report={data} />}
    </div>
  );
}

/** Queues and agents over time; agents see their own figures. */
export function ReportsPage() {
  const me = useMe();
  const choices: ReportOf[] = [...(can(me, 'readReports') ? (['queues', 'agents'] as const) : []), ...(can(me, 'writeInbox') ? (['me'] as const) : [])];
  return choices.length > 0 ? <Reports choices={choices} /> : <Denied />;
}

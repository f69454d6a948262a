import '@mantine/core/styles/Combobox.layer.css';
import { Select } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { IconEqual, IconGitCompare, IconMinus, IconPencil, IconPlus, IconArrowsMove } from '@tabler/icons-react';
import { useEffect, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { differenceQuery, type FlowDifference, type NodeChange, type Which } from '../../../api/flowLive';
import { flowVersionQuery, flowVersionsQuery } from '../../../api/flows';
import { can } from '../../../api/permissions';
import { useMe } from '../../../app/session';
import { useStore } from '../../../app/store';
import { EmptyState } from '../../../ui/EmptyState';
import { ProblemAlert } from '../../../ui/ProblemAlert';
import { Status, type Tone } from '../../../ui/Status';
import { shortTime } from '../../../ui/time';
import { documentOf, NOTHING, stepOf, type FlowDocument } from '../editor/document';
import { useDocument, useEditor } from '../editor/editor';
import { useNodeTypes } from '../editor/nodeTypes';
import { changedSteps, laidOver, shortly, waysOf } from './laid';
import classes from './compare.module.css';
import { Replay } from './Replay';

const DRAFT = 'draft';
const LOOKS: Record<NodeChange['change'], { icon: typeof IconPlus; tone: Tone }> = {
  added: { icon: IconPlus, tone: 'success' }, removed: { icon: IconMinus, tone: 'danger' }, changed: { icon: IconPencil, tone: 'warning' }, moved: { icon: IconArrowsMove, tone: 'neutral' },
};

/** The document of a version, or the drawing as it is edited. */
function useWhich(choice: string | null): FlowDocument | null {
  const editor = useEditor();
  const drawn = useDocument();
  const number = Number(choice);
  const { data } = useQuery({ ...flowVersionQuery(editor.flowId, number), enabled: choice !== null && choice !== DRAFT });
  return useMemo(() => (choice === DRAFT ? drawn : data ? documentOf(data.document) : null), [choice, drawn, data]);
}

function Changed({ change, difference, document, onShow }: { change: NodeChange; difference: FlowDifference; document: FlowDocument; onShow: (node: string) => void }) {
  const { t } = useTranslation('flowlive');
  const types = useNodeTypes();
  const { icon: Glyph, tone } = LOOKS[change.change];
  const type = change.type || stepOf(document, change.id)?.type || '';
  return (
    <li className={classes.change} data-change={change.change}>
      <div className={classes.head}>
        <button type="button" className={classes.link} title={t('figures.show')} onClick={() => onShow(change.id)}>{types.get(type)?.title ?? type}<small>{change.id}</small></button>
        <Status tone={tone} icon={<Glyph size={12} aria-hidden />}>{t(`compare.${change.change}`)}</Status>
      </div>
      {change.fields.length > 0 && (
        <dl className={classes.fields}>
          {change.fields.map((field) => (
            <div key={field.pointer}>
              <dt dir="ltr">{field.pointer.slice(1).replaceAll('/', ' › ')}</dt>
              <dd>
                {field.before !== null && <del><span className="visually-hidden">{t('compare.before')}</span><bdi>{shortly(field.before)}</bdi></del>}
                {field.after !== null && <ins><span className="visually-hidden">{t('compare.after')}</span><bdi>{shortly(field.after)}</bdi></ins>}
              </dd>
            </div>
          ))}
        </dl>
      )}
      {waysOf(difference, change.id).map((way) => (
        <p key={way.port} className={classes.way}>{t(`compare.way.${way.change}`, { port: t(`flows:port.${way.port}`, way.port), before: way.before ?? '', after: way.target ?? '' })}</p>
      ))}
    </li>
  );
}

function Difference({ flowId, from, to, title }: { flowId: string; from: string; to: string; title: string }) {
  const { t } = useTranslation('flowlive');
  const editor = useEditor();
  const draft = useStore(editor.draft);
  const saving = useStore(editor.saving);
  const which = (choice: string): Which => (choice === DRAFT ? { draft } : { version: Number(choice) });
  const { data, error, refetch } = useQuery(differenceQuery(flowId, which(from), which(to)));
  const before = useWhich(from);
  const after = useWhich(to);
  const laid = useMemo(() => (data && before && after ? laidOver(before, after, data) : null), [data, before, after]);
  useEffect(() => {
    if (!laid) return;
    editor.shown.set({ title, document: laid.document });
    editor.overlay.set({ marks: laid.marks });
  }, [editor, laid, title]);
  if (error) return <ProblemAlert error={error} onRetry={() => void refetch()} />;
  if (!data || !laid) return <div className="skeleton" style={{ height: 160 }} />;
  const changes = changedSteps(data);
  return (
    <>
      {(from === DRAFT || to === DRAFT) && saving.kind !== 'saved' && <p className={classes.hint}>{t('compare.unsaved')}</p>}
      {changes.length === 0 && <EmptyState icon={IconEqual} title={t('compare.same')} text={data.comments > 0 ? t('compare.comments', { count: data.comments }) : t('compare.sameText')} />}
      {changes.length > 0 && data.same && <p className={classes.hint}>{t('compare.movedOnly')}</p>}
      <ul className={classes.changes}>
        {changes.map((change) => <Changed key={change.id} change={change} difference={data} document={laid.document} onShow={(node) => editor.canvas.current?.center(node)} />)}
      </ul>
      {changes.length > 0 && data.comments > 0 && <p className={classes.hint}>{t('compare.comments', { count: data.comments })}</p>}
    </>
  );
}

/** Two versions laid over each other on the canvas, and what differs, field by field. */
export function ComparePanel() {
  const { t } = useTranslation('flowlive');
  const me = useMe();
  const editor = useEditor();
  const { data, error, refetch } = useQuery(flowVersionsQuery(editor.flowId));
  const [from, setFrom] = useState<string | null>(null);
  const [to, setTo] = useState(DRAFT);
  useEffect(() => () => {
    editor.shown.set(null);
    editor.picked.set(NOTHING);
    editor.overlay.set({});
  }, [editor]);
  if (error) return <ProblemAlert error={error} onRetry={() => void refetch()} />;
  if (!data) return <div className="skeleton" style={{ height: 160 }} />;
  const [newest] = data.items;
  if (!newest) return <EmptyState icon={IconGitCompare} title={t('compare.none')} text={t('compare.noneText')} />;
  const one = from ?? String(newest.version);
  const named = (choice: string): string => (choice === DRAFT ? t('compare.draft') : t('figures.version', { version: choice }));
  const choices = [
    { value: DRAFT, label: t('compare.draft') },
    ...data.items.map((version) => ({ value: String(version.version), label: `${t('figures.version', { version: version.version })} · ${shortTime(version.created_at, me.tenant.time_zone)}${version.note ? ` · ${version.note}` : ''}` })),
  ];
  return (
    <div className={classes.panel} data-testid="compare">
      <div className={classes.pair}>
        <Select label={t('compare.from')} data={choices} value={one} allowDeselect={false} onChange={(choice) => choice && setFrom(choice)} />
        <Select label={t('compare.to')} data={choices} value={to} allowDeselect={false} onChange={(choice) => choice && setTo(choice)} />
      </div>
      <Difference flowId={editor.flowId} from={one} to={to} title={t('compare.title', { from: named(one), to: named(to) })} />
      {can(me, 'readContacts') && <Replay />}
    </div>
  );
}

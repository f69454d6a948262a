import '@mantine/core/styles/Combobox.layer.css';
import { Select } from '@mantine/core';
import { useQueries, useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { inFlightQuery, type InFlightWish } from '../../../api/flowPublish';
import { flowVersionQuery } from '../../../api/flows';
import { ProblemAlert } from '../../../ui/ProblemAlert';
import { documentOf, stepOf, type FlowDocument } from '../editor/document';
import { useEditor } from '../editor/editor';
import { useNodeTypes } from '../editor/nodeTypes';
import { summaryOf } from '../editor/summary';
import { proposed, standings, stranded, vanished, type Standing } from './moves';
import classes from './publish.module.css';

export type Doing = NonNullable<InFlightWish['do']>;
/** What was asked for: what becomes of those inside, and where those at steps that are gone go on; '': nowhere. */
export interface Wish { do: Doing; chosen: Record<string, string> }

const DOINGS: readonly Doing[] = ['finish', 'migrate', 'exit'];
const SHOWN_MAX = 8;
const WORDS_MAX = 40;

/** Who is inside of a flow now, with what the steps are that the draft does not have (any more). */
export function useInFlight(flowId: string, version: number, draft: FlowDocument) {
  const editor = useEditor();
  const found = useQuery({ ...inFlightQuery(flowId), enabled: version > 0 });
  const all = found.data ? standings(found.data) : [];
  const gone = vanished(all, draft);
  const versions = [...new Set(gone.map((one) => one.version))];
  const documents = useQueries({ queries: versions.map((one) => flowVersionQuery(editor.flowId, one)) });
  const old = new Map(versions.map((one, nth) => [one, documents[nth]?.data ? documentOf(documents[nth].data.document) : null]));
  const proposals: Record<string, string> = {};
  for (const { node, version: own } of gone) {
    const before = old.get(own);
    const place = before ? proposed(node, before, draft) : null;
    if (place !== null) proposals[node] = place;
  }
  return { found, all, gone, old, proposals, known: version === 0 || (found.isSuccess && documents.every((one) => !one.isPending)) };
}

export type Inside = ReturnType<typeof useInFlight>;

/** What the server is told: only steps that are gone need a place. */
export function wishOf({ do: doing, chosen }: Wish, { gone, proposals }: Inside): InFlightWish {
  const places = doing === 'migrate' ? gone.map(({ node }) => [node, chosen[node] ?? proposals[node] ?? ''] as const).filter(([, place]) => place !== '') : [];
  return { do: doing, mapping: Object.fromEntries(places) };
}

function useStepName(draft: FlowDocument, old: Inside['old']): (one: Standing) => string {
  const types = useNodeTypes();
  return ({ node, version }) => {
    const before = old.get(version);
    const step = stepOf(draft, node) ?? (before ? stepOf(before, node) : undefined);
    return step ? `${types.get(step.type)?.title ?? step.type} (${node})` : node;
  };
}

function Moves({ draft, inside, wish, onChange }: { draft: FlowDocument; inside: Inside; wish: Wish; onChange: (wish: Wish) => void }) {
  const { t } = useTranslation('flowpublish');
  const types = useNodeTypes();
  const named = useStepName(draft, inside.old);
  const { mapping } = wishOf(wish, inside);
  const left = stranded(inside.gone, mapping ?? {});
  const places = draft.nodes.filter((node) => node.type !== 'start').map((node) => {
    const words = summaryOf(node).slice(0, WORDS_MAX);
    return { value: node.id, label: `${types.get(node.type)?.title ?? node.type} (${node.id})${words && `: ${words}`}` };
  });
  return (
    <div className={classes.moves}>
      {inside.gone.map((one) => (
        <Select
          key={one.node}
          label={t('goOnAt', { step: named(one) })}
          data={[{ value: '', label: t('nowhere') }, ...places]}
          value={mapping?.[one.node] ?? ''}
          searchable
          allowDeselect={false}
          onChange={(place) => place !== null && onChange({ ...wish, chosen: { ...wish.chosen, [one.node]: place } })}
        />
      ))}
      {left > 0 && <p className={classes.strand} role="status">{t('strand', { count: left })}</p>}
    </div>
  );
}

/** Who is inside, at which steps, and what becomes of them. Nothing where nobody is. */
export function InFlight({ draft, inside, wish, onChange }: { draft: FlowDocument; inside: Inside; wish: Wish; onChange: (wish: Wish) => void }) {
  const { t } = useTranslation('flowpublish');
  const { found, all, gone } = inside;
  const named = useStepName(draft, inside.old);
  if (found.error) return <ProblemAlert error={found.error} onRetry={() => void found.refetch()} />;
  const passing = (found.data?.as_sub_flow ?? []).reduce((sum, { count }) => sum + count, 0);
  const through = passing > 0 && <p className={classes.hint}>{t('asSubFlow', { count: passing })}</p>;
  if (!found.data || found.data.total === 0) return through || null;
  return (
    <fieldset className={classes.inside}>
      <legend>{t('insideCount', { count: found.data.total })} {t('what')}</legend>
      <ul className={classes.standing} aria-label={t('inside')}>
        {all.slice(0, SHOWN_MAX).map((one) => (
          <li key={one.node} data-standing={`${one.node} ${one.count}`}>
            {t('at', { step: named(one), count: one.count })}
            {one.stuck > 0 && <small>{t('stuck', { count: one.stuck })}</small>}
            {gone.includes(one) && <small className={classes.gone}>{t('gone')}</small>}
          </li>
        ))}
        {all.length > SHOWN_MAX && <li>{t('more', { count: all.length - SHOWN_MAX })}</li>}
      </ul>
      {through}
      {found.data.moving && <p className={classes.hint}>{t('moving')}</p>}
      {DOINGS.map((one) => (
        <div key={one} className={classes.one}>
          <label htmlFor={`in-flight-${one}`} className={classes.choice} data-on={wish.do === one || undefined}>
            <input id={`in-flight-${one}`} aria-labelledby={`in-flight-${one}-title`} aria-describedby={`in-flight-${one}-text`} type="radio" name="in-flight" value={one} checked={wish.do === one} onChange={() => onChange({ ...wish, do: one })} />
            <span><strong id={`in-flight-${one}-title`}>{t(one)}</strong><small id={`in-flight-${one}-text`}>{t(`${one}Text`)}</small></span>
          </label>
          {one === 'migrate' && wish.do === one && gone.length > 0 && <Moves draft={draft} inside={inside} wish={wish} onChange={onChange} />}
        </div>
      ))}
    </fieldset>
  );
}

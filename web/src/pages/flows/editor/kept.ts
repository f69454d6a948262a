/** The history of a flow's document as it is kept in the browser: the present, and from step to step only what differs. Pure. */
import { start, type History } from '../../../ui/ConditionBuilder/history';
import { documentOf, wayId, type FlowDocument } from './document';

type Key = 'nodes' | 'edges' | 'comments';
/** What must be put and dropped to come from one document to another. */
type Delta = Partial<Record<Key, { put: unknown[]; drop: string[] }>>;
export interface Kept { draft: number; saved: boolean; present: FlowDocument; past: Delta[]; future: Delta[] }

const KEYS: readonly Key[] = ['nodes', 'edges', 'comments'];
const CHARS_MAX = 1_500_000;
const STEPS_MAX = 60;

const keyOf = (key: Key, item: unknown): string => (key === 'edges' ? wayId(item as FlowDocument['edges'][number]) : (item as { id: string }).id);

function delta(from: FlowDocument, to: FlowDocument): Delta {
  const found: Delta = {};
  for (const key of KEYS) {
    if (from[key] === to[key]) continue;
    const before = new Map(from[key].map((item) => [keyOf(key, item), item as unknown]));
    const after = new Map(to[key].map((item) => [keyOf(key, item), item as unknown]));
    const put = [...after].filter(([id, item]) => before.get(id) !== item).map(([, item]) => item);
    const drop = [...before.keys()].filter((id) => !after.has(id));
    if (put.length + drop.length > 0) found[key] = { put, drop };
  }
  return found;
}

function applied(document: FlowDocument, change: Delta): FlowDocument {
  const next: Record<string, unknown> = { ...document };
  for (const key of KEYS) {
    const part = change[key];
    if (!part) continue;
    const put = new Map(part.put.map((item) => [keyOf(key, item), item]));
    const drop = new Set(part.drop);
    const old = (document[key] as readonly unknown[]).filter((item) => !drop.has(keyOf(key, item)));
    const known = new Set(old.map((item) => keyOf(key, item)));
    next[key] = [...old.map((item) => put.get(keyOf(key, item)) ?? item), ...[...put].filter(([id]) => !known.has(id)).map(([, item]) => item)];
  }
  return next as unknown as FlowDocument;
}

/** The text to keep. `draft`: the number of the draft that the server had last; `saved`: it is the present one. Older steps are left out where it would be too long. */
export function keep(history: History<FlowDocument>, draft: number, saved: boolean): string {
  const chain = (from: FlowDocument, steps: FlowDocument[]): Delta[] => {
    let last = from;
    return steps.map((step) => {
      const change = delta(last, step);
      last = step;
      return change;
    });
  };
  const past = chain(history.present, history.past.toReversed().slice(0, STEPS_MAX));
  const future = chain(history.present, history.future.slice(0, STEPS_MAX));
  const text = JSON.stringify({ draft, saved, present: history.present, past, future } satisfies Kept);
  return text.length <= CHARS_MAX ? text : JSON.stringify({ draft, saved, present: history.present, past: past.slice(0, 5), future: [] } satisfies Kept);
}

/** What was kept; null for nothing, and for what cannot be read. */
export function unkeep(text: string): { draft: number; saved: boolean; history: History<FlowDocument> } | null {
  try {
    const kept = JSON.parse(text) as Kept;
    const present = documentOf(kept.present as unknown as Record<string, unknown>);
    if (!present || typeof kept.draft !== 'number') return null;
    const walk = (deltas: Delta[]): FlowDocument[] => {
      let last = present;
      return deltas.map((change) => (last = applied(last, change)));
    };
    return { draft: kept.draft, saved: kept.saved, history: { ...start(present), past: walk(kept.past).toReversed(), future: walk(kept.future) } };
  } catch {
    return null;
  }
}

/** What a run of the simulator says, as the panel shows it. All pure. */
import type { Action, Cost, Frame } from '../../../api/simulations';
import { stepOf, wayId, type Data, type FlowDocument } from '../editor/document';

export interface Rule { result: boolean; words: string; found?: unknown }
export interface Group { combinator: string; not: boolean; rules: (Rule | Group)[]; result: boolean }
/** Why a step went its way, as the engine explains it: `condition` belongs to the case called `name`. */
export interface Why { node: string; name?: string; condition?: Group; answer?: unknown; why?: string; intent?: string | null; confidence?: number; threshold?: number; result?: string; share?: number; status?: number; error?: string; tries?: number }
export interface Effect extends Record<string, unknown> { type: string }
export interface Passed { node: string; port: string; inside: string | null; why: Why[]; effects: { effect: Effect; cost: Cost | null }[] }
export interface Press { id: string; title: string }
/** One line of the phone: `us` wrote or said it, `them`: the contact did, `note`: what happened beside. */
export type Line =
  | { from: 'us'; channel: string; text: string; content: Record<string, unknown>; presses: Press[] }
  | { from: 'them'; text: string; voice: boolean }
  | { from: 'note'; action: Action };

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);
const records = (value: unknown): Record<string, unknown>[] => (Array.isArray(value) ? value.filter(isRecord) : []);

/** The steps of one action, each with its reasons and what it did. */
export function passedOf(frame: Frame, document: FlowDocument): Passed[] {
  const waiting = frame.why as unknown as Why[];
  let why = 0;
  let begin = 0;
  return frame.steps.map(([node, port], nth) => {
    const own: Why[] = [];
    for (let reason = waiting[why]; reason && reason.node === node; reason = waiting[why]) {
      own.push(reason);
      why += 1;
    }
    const end = begin + (frame.asked[nth] ?? 0);
    const effects = frame.effects.slice(begin, end).map((effect, at) => ({ effect: effect as Effect, cost: frame.costs.find((cost) => cost.effect === begin + at) ?? null }));
    begin = end;
    return { node, port, inside: frame.inside[nth] ?? null, why: named(own, stepOf(document, node)?.data), effects };
  });
}

/** A branch asks its cases in their order. */
function named(why: Why[], data: Data | undefined): Why[] {
  const cases = records(data?.cases);
  let nth = 0;
  return why.map((one) => {
    if (!one.condition) return one;
    const name = cases[nth]?.name;
    nth += 1;
    return typeof name === 'string' ? { ...one, name } : one;
  });
}

/** What a run went through, for the canvas. Steps inside another flow are not on it. */
export function litOf(frames: readonly Frame[]): { nodes: ReadonlySet<string>; edges: ReadonlySet<string> } {
  const nodes = new Set<string>();
  const edges = new Set<string>();
  for (const frame of frames) {
    frame.steps.forEach(([node, port], nth) => {
      if (frame.inside[nth]) return;
      nodes.add(node);
      if (port) edges.add(wayId({ source: node, port: port === 'in' ? 'next' : port }));
    });
  }
  return { nodes, edges };
}

/** What can be pressed below a message: replies, wherever its kind has them. */
export function pressesOf(content: Record<string, unknown>): Press[] {
  const card = isRecord(content.card) ? [content.card] : [];
  const rows = [...records(content.choices), ...[...card, ...records(content.cards)].flatMap((one) => records(one.suggestions)), ...records(content.suggestions)];
  return rows.filter((row) => (row.type ?? 'reply') === 'reply' && typeof row.title === 'string').map((row) => ({ id: String(row.id ?? row.title), title: String(row.title) }));
}

/** The content without what is pressed below it, so that nothing stands there twice. */
export function withoutPresses(content: Record<string, unknown>): Record<string, unknown> {
  const bare = (one: Record<string, unknown>): Record<string, unknown> => ({ ...one, ...('suggestions' in one && { suggestions: records(one.suggestions).filter((row) => (row.type ?? 'reply') !== 'reply') }) });
  return { ...bare(content), ...('choices' in content && { choices: [] }), ...(isRecord(content.card) && { card: bare(content.card) }), ...(Array.isArray(content.cards) && { cards: records(content.cards).map(bare) }) };
}

/** The conversation so far. */
export function linesOf(frames: readonly Frame[]): Line[] {
  return frames.flatMap((frame) => {
    const action = frame.action as unknown as Action;
    const done: Line[] = action.do === 'reply' ? [{ from: 'them', text: action.text || action.choice || '', voice: false }]
      : action.do === 'call' && action.value && action.happened !== 'answered' ? [{ from: 'them', text: action.value, voice: true }]
        : action.do === 'begin' || action.do === 'go_on' ? [] : [{ from: 'note', action }];
    const said = frame.effects.flatMap((raw, at): Line[] => {
      const effect = raw as Effect;
      if (effect.type === 'send_message' && isRecord(effect.content)) {
        const cost = frame.costs.find((one) => one.effect === at);
        return [{ from: 'us', channel: cost?.channel ?? 'sms', text: cost?.text ?? String(effect.content.text ?? ''), content: effect.content, presses: pressesOf(effect.content) }];
      }
      if (effect.type !== 'call_step' || !isRecord(effect.step)) return [];
      const words = [effect.step, ...records(effect.step.prompt)].map((one) => one.text).filter((one): one is string => typeof one === 'string');
      return words.length === 0 ? [] : [{ from: 'us', channel: 'voice', text: words.join(' '), content: { type: 'call' }, presses: [] }];
    });
    return [...done, ...said];
  });
}

export type WaitsFor = 'begin' | 'reply' | 'time' | 'webhook' | 'delivery' | 'people' | 'call' | 'ringing' | 'pause' | 'stuck' | 'ended';

/** What the run waits for now. */
export function waitsFor(frame: Frame | undefined): WaitsFor {
  if (!frame) return 'begin';
  if (frame.status === 'stuck') return 'stuck';
  const session = frame.session;
  if (!session) return 'ended';
  const waiting = isRecord(session.waiting) ? session.waiting : null;
  if (waiting?.kind === 'call' && isRecord(waiting.data) && waiting.data.placing === true) return 'ringing';
  return (waiting?.kind as WaitsFor | undefined) ?? 'reply';
}

/** The node where a run stands, and until when it waits there. */
export function standsAt(frame: Frame | undefined): { node: string; inside: boolean; until: string | null } | null {
  const session = frame?.session;
  if (!session) return null;
  const inner = Array.isArray(session.inside) ? (session.inside.at(-1) as [string, string] | undefined) : undefined;
  const waiting = isRecord(session.waiting) ? session.waiting : null;
  return { node: inner ? inner[1] : String(session.node), inside: inner !== undefined, until: typeof waiting?.until === 'string' ? waiting.until : null };
}

/** The answers that a question names, to be tapped. */
export function answersOf(document: FlowDocument, node: string): string[] {
  return records(stepOf(document, node)?.data.choices).map((choice) => String(choice.name ?? '')).filter(Boolean);
}

export interface Value { path: string; value: unknown }

/** What templates may read, one line a value, by the path that a template names it with. */
export function pathsOf(values: Record<string, unknown>, prefix = ''): Value[] {
  return Object.entries(values).flatMap(([name, value]) => {
    const path = prefix + name;
    return isRecord(value) ? pathsOf(value, `${path}.`) : [{ path, value }];
  });
}

/** Money of a run by currency, in micros. Decimal texts never go through a float. */
export function totalOf(frames: readonly Frame[]): Map<string, bigint> {
  const found = new Map<string, bigint>();
  for (const { price, currency } of frames.flatMap((frame) => frame.costs)) {
    if (!currency) continue;
    const [whole = '0', rest = ''] = price.split('.');
    found.set(currency, (found.get(currency) ?? 0n) + BigInt(whole) * 1_000_000n + BigInt(rest.padEnd(6, '0')));
  }
  return found;
}

/** Whole minutes until an instant, at least one: the way to where a wait ends. */
export const minutesUntil = (now: string, until: string): number => Math.max(1, Math.ceil((Date.parse(until) - Date.parse(now)) / 60_000));

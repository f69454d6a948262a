/** What is wrong with a step, by the place inside its data. */
import i18next from 'i18next';
import type { FlowLook } from '../../../../api/flows';
import { sentence } from '../../../../ui/words';
import type { NodeType, Step } from '../document';
import { placeIn, type Schema } from './schema';

/** Words by place: `''` is the step as a whole. */
export type Errors = ReadonlyMap<string, string>;

export interface Trouble { node: string; severity: 'error' | 'warning'; words: string; field: string; code: string }

const FAULT = /^\/nodes\/\d+\/data(\/.*)?$/;

/** What the checks inside a message say comes without its code. */
const EMPTY = 'String should have at least 1 character';
const wordsOf = (code: string, detail: string): string => i18next.t(`flows:fault.${detail === EMPTY ? 'string-too-short' : code}`, sentence(detail));

/** Faults and findings of a look in one list; the former stop everything, so they come alone. */
export const troublesOf = (look: FlowLook | null): Trouble[] => [
  ...(look?.faults ?? []).map(({ node, pointer, detail, code }) => ({ node, severity: 'error' as const, words: wordsOf(code, detail), field: FAULT.exec(pointer)?.[1] ?? '', code })),
  ...(look?.findings ?? []).map(({ node, severity, words, field, code }) => ({ node, severity, words: sentence(words), field, code })),
];

export function errorsOf(step: Step, type: NodeType | undefined, content: Schema, troubles: readonly Trouble[]): Map<string, string> {
  const found = new Map<string, string>();
  const schema = (type?.data_schema ?? {}) as Schema;
  for (const trouble of troubles) {
    if (trouble.node !== step.id) continue;
    const place = placeIn(trouble.field, schema, schema, content);
    if (!found.has(place) || trouble.severity === 'error') found.set(place, trouble.words);
  }
  return found;
}

/** The error of a control and of everything inside it. */
export function errorAt(errors: Errors, place: string): string | undefined {
  const exact = errors.get(place);
  if (exact !== undefined) return exact;
  for (const [where, words] of errors) if (where.startsWith(`${place}/`)) return words;
  return undefined;
}

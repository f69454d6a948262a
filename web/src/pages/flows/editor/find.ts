/** Steps by the words in them. Pure. */
import type { Step } from './document';
import type { Types } from './edits';

/** The ids of the steps whose title, id or any text of their data holds the words. None for no words. */
export function found(steps: readonly Step[], types: Types, search: string): string[] {
  const wanted = search.trim().toLocaleLowerCase();
  if (wanted === '') return [];
  return steps.filter((step) => `${types.get(step.type)?.title ?? step.type} ${step.id} ${textsOf(step.data).join(' ')}`.toLocaleLowerCase().includes(wanted)).map((step) => step.id);
}

function textsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (Array.isArray(value)) return value.flatMap(textsOf);
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsOf) : [];
}

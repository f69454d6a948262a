/** The variables that the steps of a flow set, with their types in conditions. Pure. */
import type { FlowDocument } from './document';

const KINDS: Record<string, string> = { number: 'number', date: 'date' };

export function variablesOf(document: FlowDocument): Map<string, string> {
  const found = new Map<string, string>();
  const add = (name: unknown, kind: string): void => {
    if (typeof name !== 'string' || !/^[a-z][a-z0-9_]*$/.test(name)) return;
    found.set(name, (found.get(name) ?? kind) === kind ? kind : 'text');
  };
  for (const { type, data } of document.nodes) {
    add(data.save_as, type === 'ask' ? (KINDS[String(data.kind)] ?? 'text') : 'text');
    if (typeof data.save === 'object' && data.save !== null) for (const name of Object.keys(data.save)) add(name, 'text');
    if (type === 'set' && data.target === 'variable') add(data.name, typeof data.value === 'boolean' ? 'boolean' : typeof data.value === 'number' ? 'number' : 'text');
  }
  return found;
}

/** Which column is what: what may be chosen, what is missing, what collides. Pure. */
import type { ImportColumn as Column } from '../../api/types';

export const ADDRESSES = ['phone', 'whatsapp', 'rcs', 'sip'] as const;
export const FIELDS = ['name', 'first_name', 'last_name', 'language', 'time_zone', 'tags'] as const;
export const ATTRIBUTE = 'attribute.';
export const TYPES = ['text', 'number', 'boolean', 'date', 'choice'] as const;
export type AttributeType = (typeof TYPES)[number];

/** The column that says who a row is: the first address that is mapped. */
export function identityOf(mapping: readonly Column[]): Column | null {
  for (const kind of ADDRESSES) {
    const hit = mapping.find((column) => column.target === kind);
    if (hit) return hit;
  }
  return null;
}

/** Targets that more than one column has. */
export function collisions(mapping: readonly Column[]): Set<string> {
  const seen = new Set<string>();
  const twice = new Set<string>();
  for (const { target } of mapping) {
    if (target === '') continue;
    if (seen.has(target)) twice.add(target);
    seen.add(target);
  }
  return twice;
}

/** `Date of birth` → `date_of_birth`; empty when nothing of it can stand in a key. */
export const keyFrom = (label: string): string =>
  label.normalize('NFKD').replaceAll(/\p{M}/gu, '').toLowerCase().replaceAll(/[^a-z0-9]+/g, '_').replaceAll(/^[0-9_]+|_+$/g, '').slice(0, 63);

export const isKey = (key: string): boolean => /^[a-z][a-z0-9_]{0,62}$/.test(key);

/** The type that all samples have; text when they differ or there are none. */
export function guessType(samples: readonly string[]): AttributeType {
  const values = samples.map((value) => value.trim()).filter((value) => value !== '');
  if (values.length === 0) return 'text';
  if (values.every((value) => /^(true|false|yes|no)$/i.test(value))) return 'boolean';
  if (values.every((value) => /^\d{4}-\d\d-\d\d$/.test(value))) return 'date';
  if (values.every((value) => /^-?\d{1,15}([.]\d{1,9})?$/.test(value) && !/^0\d/.test(value))) return 'number';
  return 'text';
}

/** Up to `most` different values of a column, in the order of the file. */
export function samplesOf(header: readonly string[], preview: readonly (readonly string[])[], column: string, most = 3): string[] {
  const at = header.indexOf(column);
  if (at < 0) return [];
  const found: string[] = [];
  for (const row of preview) {
    const value = (row[at] ?? '').trim();
    if (value !== '' && !found.includes(value)) found.push(value);
    if (found.length === most) break;
  }
  return found;
}

export const withTarget = (mapping: readonly Column[], column: string, target: string, create: Column['create'] = null): Column[] =>
  mapping.map((one) => (one.column === column ? { column, target, create } : one));

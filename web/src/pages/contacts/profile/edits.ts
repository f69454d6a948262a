/** One field of a contact: `name`, `language`, `time_zone` or `attribute.<key>`. */
import type { ContactDetail, Scalar } from '../../../api/contactTypes';

export type FieldName = 'name' | 'language' | 'time_zone' | `attribute.${string}`;
export type FieldValue = Scalar | null;
export interface FieldChange { field: FieldName; value: FieldValue }

const ATTRIBUTE = 'attribute.';
const keyOf = (field: FieldName): string | null => (field.startsWith(ATTRIBUTE) ? field.slice(ATTRIBUTE.length) : null);

export function readField(contact: Pick<ContactDetail, 'name' | 'language' | 'time_zone' | 'attributes'>, field: FieldName): FieldValue {
  const key = keyOf(field);
  return key === null ? contact[field as 'name' | 'language' | 'time_zone'] : (contact.attributes[key] ?? null);
}

/** The body of the change as the API takes it. */
export function changeOf({ field, value }: FieldChange): Record<string, unknown> {
  const key = keyOf(field);
  return key === null ? { [field]: value ?? '' } : { attributes: { [key]: value } };
}

/** Nothing and an empty text are the same. */
export const differs = (one: FieldValue, other: FieldValue): boolean => (one === '' ? null : one) !== (other === '' ? null : other);

const NUMBER = /^[+-]?(\d+(\.\d+)?|\.\d+)$/;

/** What was typed as a value of the type; undefined when it is none. Numbers may have a comma or spaces between digits. */
export function parseValue(text: string, type: string): FieldValue | undefined {
  const clean = text.trim();
  if (clean === '') return null;
  switch (type) {
    case 'number': {
      const plain = clean.replaceAll(/[\s\u00a0_']/g, '').replace(/^([+-]?\d+),(\d{1,2})$/, '$1.$2').replaceAll(',', '');
      return NUMBER.test(plain) && Number.isFinite(Number(plain)) ? Number(plain) : undefined;
    }
    case 'boolean': return clean === 'true';
    case 'date': return /^\d{4}-\d{2}-\d{2}$/.test(clean) ? clean : undefined;
    default: return clean;
  }
}

/** Forms from JSON schemas: which control edits a value, what a new value is, where an error belongs. All pure. */
import type { Data } from '../document';

export interface Schema {
  type?: string; const?: unknown; enum?: string[]; default?: unknown; format?: string; description?: string; pattern?: string;
  minimum?: number; maximum?: number; exclusiveMinimum?: number; minLength?: number; maxLength?: number; minItems?: number; maxItems?: number; maxProperties?: number;
  properties?: Record<string, Schema>; required?: string[]; items?: Schema; additionalProperties?: Schema | boolean; patternProperties?: Record<string, Schema>;
  anyOf?: Schema[]; oneOf?: Schema[]; $ref?: string; $defs?: Record<string, Schema>; discriminator?: { propertyName: string; mapping: Record<string, string> };
  'x-editor'?: string; 'x-when'?: { field: string; values: unknown[] }; 'x-one-of'?: string[];
}

/** References that the editor offers as lists of what there is. */
export const PICKED = ['segment', 'flow', 'queue', 'channel', 'intent', 'tag', 'event', 'value-name'] as const;
export type Picked = (typeof PICKED)[number];

export type Control =
  | { kind: 'text'; schema: Schema; lines: boolean; template: boolean }
  | { kind: 'number'; schema: Schema; whole: boolean }
  | { kind: 'boolean' | 'time' | 'duration' | 'condition' | 'content' | 'words' | 'scalar' | 'micros' }
  | { kind: 'choice' | 'choices'; values: string[] }
  | { kind: 'pairs'; template: boolean; scalars: boolean; keyMax: number }
  | { kind: 'picked'; what: Picked }
  | { kind: 'object'; schema: Schema }
  | { kind: 'union'; tag: string; schemas: Record<string, Schema> }
  | { kind: 'list'; items: Schema; least: number; most: number };

const LONG = 300;

export const isRecord = (value: unknown): value is Data => typeof value === 'object' && value !== null && !Array.isArray(value);

/** The schema that a `$ref` names, with what stands beside the reference. */
export function resolve(schema: Schema, root: Schema): Schema {
  const name = schema.$ref?.replace('#/$defs/', '');
  if (name === undefined) return schema;
  const { $ref: _, ...beside } = schema;
  return { ...resolve(root.$defs?.[name] ?? {}, root), ...beside };
}

/** The schema without `null`, and whether it had it. */
export function present(schema: Schema, root: Schema): { schema: Schema; nullable: boolean } {
  const whole = resolve(schema, root);
  const kinds = whole.anyOf?.map((one) => resolve(one, root));
  if (!kinds) return { schema: whole, nullable: false };
  const others = kinds.filter((one) => one.type !== 'null');
  const [only] = others;
  const { anyOf: _, ...beside } = whole;
  if (others.length === 1 && only) return { schema: { ...only, ...beside }, nullable: others.length < kinds.length };
  return { schema: { ...beside, anyOf: others }, nullable: others.length < kinds.length };
}

/** What a kind of step is for: the rest of its description is for programs. */
export const firstSentence = (description: string): string => description.split(/ Ports: | Writes: |\n/)[0] ?? '';

const isPicked = (name: string | undefined): name is Picked => (PICKED as readonly string[]).includes(name ?? '');

export function controlOf(given: Schema, root: Schema): Control {
  const { schema } = present(given, root);
  const hint = schema['x-editor'];
  if (hint === 'condition' || hint === 'content' || hint === 'micros') return { kind: hint };
  if (isPicked(hint)) return { kind: 'picked', what: hint };
  if (schema.discriminator) {
    const { propertyName: tag, mapping } = schema.discriminator;
    return { kind: 'union', tag, schemas: Object.fromEntries(Object.entries(mapping).map(([name, ref]) => [name, resolve({ $ref: ref }, root)])) };
  }
  if (schema.anyOf) return schema.anyOf.every((one) => one.type === 'string') ? { kind: 'text', schema: { ...schema.anyOf[0], ...schema }, lines: false, template: false } : { kind: 'scalar' };
  if (schema.enum) return { kind: 'choice', values: schema.enum };
  switch (schema.type) {
    case 'boolean': return { kind: 'boolean' };
    case 'integer':
    case 'number': return { kind: 'number', schema, whole: schema.type === 'integer' };
    case 'array': {
      const items = resolve(schema.items ?? {}, root);
      if (items.enum) return { kind: 'choices', values: items.enum };
      if (items.type === 'string') return { kind: 'words' };
      return { kind: 'list', items, least: schema.minItems ?? 0, most: schema.maxItems ?? Infinity };
    }
    case 'object': {
      if (!schema.properties) {
        const values = Object.values(schema.patternProperties ?? {})[0] ?? (isRecord(schema.additionalProperties) ? (schema.additionalProperties as Schema) : {});
        return { kind: 'pairs', scalars: values.anyOf !== undefined, template: values['x-editor'] === 'text', keyMax: 80 };
      }
      if (schema.properties.amount && schema.properties.unit) return { kind: 'duration' };
      return { kind: 'object', schema };
    }
    default: break;
  }
  if (schema.format === 'time') return { kind: 'time' };
  return { kind: 'text', schema, lines: (schema.maxLength ?? 0) > LONG && !/\\s/.test(schema.pattern ?? ''), template: hint === 'text' };
}

/** The least that a value of this schema can be: required fields, as empty as they may be. */
export function blank(given: Schema, root: Schema): unknown {
  const { schema } = present(given, root);
  if (schema.const !== undefined) return schema.const;
  if (schema.discriminator) {
    const first = Object.values(schema.discriminator.mapping)[0];
    return first === undefined ? {} : blank({ $ref: first }, root);
  }
  if (schema['x-editor'] === 'condition') return { combinator: 'and', not: false, rules: [] };
  if (schema['x-editor'] === 'content') return { type: 'text', text: '' };
  if (schema.enum) return schema.default ?? schema.enum[0];
  switch (schema.type) {
    case 'boolean': return false;
    case 'integer':
    case 'number': return schema.default ?? Math.max(schema.minimum ?? schema.exclusiveMinimum ?? 0, 1);
    // An empty word is none: it would only have to be taken away first.
    case 'array': return resolve(schema.items ?? {}, root).type === 'string' ? [] : Array.from({ length: schema.minItems ?? 0 }, () => blank(schema.items ?? {}, root));
    case 'object': {
      const found: Data = {};
      for (const [name, field] of Object.entries(schema.properties ?? {})) {
        const whole = resolve(field, root);
        if (whole.const !== undefined) found[name] = whole.const;
        else if (schema.required?.includes(name)) found[name] = blank(field, root);
      }
      return found;
    }
    default: return schema.format === 'time' ? '09:00:00' : '';
  }
}

/** The fields of an object that a form shows: not the tag of its kind, not what means nothing beside the others. */
export function fieldsOf(schema: Schema, data: Data, root: Schema, chosen?: string): [string, Schema][] {
  const oneOf = schema['x-one-of'] ?? [];
  return Object.entries(schema.properties ?? {}).filter(([name, field]) => resolve(field, root).const === undefined && (!oneOf.includes(name) || name === chosen) && isMeant(field, data, schema));
}

function isMeant(field: Schema, data: Data, schema: Schema): boolean {
  const when = field['x-when'];
  if (!when) return true;
  return when.values.includes(data[when.field] ?? schema.properties?.[when.field]?.default);
}

/** Gives a field a value; undefined takes it away. What means nothing any more goes with it. */
export function withField(schema: Schema, data: Data, name: string, value: unknown): Data {
  const { [name]: _, ...rest } = data;
  const next: Data = value === undefined ? rest : Object.fromEntries(name in data ? Object.entries(data).map(([key, old]) => [key, key === name ? value : old]) : [...Object.entries(data), [name, value]]);
  for (const [other, field] of Object.entries(schema.properties ?? {})) if (other in next && !isMeant(field, next, schema)) delete next[other];
  return next;
}

/** A pointer into the data without the names that pydantic puts in for the kinds of a union: `/trigger/keyword/words` → `/trigger/words`. */
export function placeIn(pointer: string, schema: Schema, root: Schema, content: Schema): string {
  const steps = pointer.split('/').slice(1);
  const kept: string[] = [];
  let here = { schema, root };
  for (const step of steps) {
    // The kind of a whole content is not in the pointer; that of a suggestion inside is.
    const entering = present(here.schema, here.root).schema['x-editor'] === 'content';
    if (entering) here = { schema: content, root: content };
    const now = present(here.schema, here.root).schema;
    if (!entering && now.discriminator && step in now.discriminator.mapping) {
      here = { ...here, schema: { $ref: now.discriminator.mapping[step] ?? '' } };
      continue;
    }
    kept.push(step);
    const inner = now.discriminator ? anyField(now, step, here.root) : now.items ?? now.properties?.[step] ?? {};
    here = { ...here, schema: inner };
  }
  return kept.map((step) => `/${step}`).join('');
}

function anyField(union: Schema, name: string, root: Schema): Schema {
  for (const ref of Object.values(union.discriminator?.mapping ?? {})) {
    const field = resolve({ $ref: ref }, root).properties?.[name];
    if (field) return field;
  }
  return {};
}

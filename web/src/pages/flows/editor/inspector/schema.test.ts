import { expect, test } from 'vitest';
import { blank, controlOf, fieldsOf, placeIn, withField, type Schema } from './schema';

const ROOT: Schema = {
  $defs: {
    Any: { type: 'object', properties: { kind: { const: 'any' } } },
    Keyword: { type: 'object', properties: { kind: { const: 'keyword' }, words: { type: 'array', minItems: 1, items: { type: 'string' } } }, required: ['words'] },
    Duration: { type: 'object', properties: { amount: { type: 'integer', minimum: 1 }, unit: { enum: ['minutes', 'days'], default: 'minutes' } }, required: ['amount'] },
    Choice: { type: 'object', properties: { name: { type: 'string', minLength: 1 } }, required: ['name'] },
  },
  type: 'object',
  properties: {
    trigger: { oneOf: [{ $ref: '#/$defs/Any' }, { $ref: '#/$defs/Keyword' }], discriminator: { propertyName: 'kind', mapping: { any: '#/$defs/Any', keyword: '#/$defs/Keyword' } } },
    kind: { enum: ['choice', 'text'], default: 'text' },
    choices: { type: 'array', items: { $ref: '#/$defs/Choice' }, maxItems: 20, 'x-when': { field: 'kind', values: ['choice'] } },
    timeout: { anyOf: [{ $ref: '#/$defs/Duration' }, { type: 'null' }] },
    content: { type: 'object', 'x-editor': 'content' },
    value: { anyOf: [{ type: 'string' }, { type: 'number' }, { type: 'null' }] },
    save: { type: 'object', patternProperties: { '^x': { type: 'string' } }, 'x-editor': 'paths' },
    segment_id: { type: 'string', 'x-editor': 'segment' },
    days: { type: 'array', items: { enum: ['monday'] } },
    body: { type: 'string', maxLength: 4_000, 'x-editor': 'text' },
  },
};
const CONTENT: Schema = {
  $defs: {
    Text: { type: 'object', properties: { type: { const: 'text' }, text: { type: 'string' }, suggestions: { type: 'array', items: { discriminator: { propertyName: 'type', mapping: { reply: '#/$defs/Reply' } }, oneOf: [{ $ref: '#/$defs/Reply' }] } } }, required: ['text'] },
    Reply: { type: 'object', properties: { type: { const: 'reply' }, title: { type: 'string' } }, required: ['title'] },
  },
  discriminator: { propertyName: 'type', mapping: { text: '#/$defs/Text' } },
};
const of = (name: string): Schema => ROOT.properties?.[name] ?? {};

test.each([
  ['trigger', 'union'], ['kind', 'choice'], ['choices', 'list'], ['timeout', 'duration'], ['content', 'content'], ['value', 'scalar'], ['save', 'pairs'], ['segment_id', 'picked'], ['days', 'choices'], ['body', 'text'],
])('the control of %s is %s', (name, kind) => {
  expect(controlOf(of(name), ROOT).kind).toBe(kind);
});

test('a new value is as empty as it may be', () => {
  expect(blank({ $ref: '#/$defs/Keyword' }, ROOT)).toEqual({ kind: 'keyword', words: [] });
  expect(blank(of('trigger'), ROOT)).toEqual({ kind: 'any' });
  expect(blank(of('timeout'), ROOT)).toEqual({ amount: 1 });
  expect(blank({ type: 'array', minItems: 2, items: { $ref: '#/$defs/Choice' } }, ROOT)).toEqual([{ name: '' }, { name: '' }]);
});

test('a field that means nothing beside another is neither shown nor kept', () => {
  const names = (data: Record<string, unknown>): string[] => fieldsOf(ROOT, data, ROOT).map(([name]) => name);
  expect(names({})).not.toContain('choices');
  expect(names({ kind: 'choice' })).toContain('choices');
  expect(withField(ROOT, { kind: 'choice', choices: [{ name: 'yes' }], body: 'x' }, 'kind', 'text')).toEqual({ kind: 'text', body: 'x' });
  expect(Object.keys(withField(ROOT, { body: 'a', value: 1 }, 'body', 'b'))).toEqual(['body', 'value']);
});

test.each([
  ['/trigger/keyword/words', '/trigger/words'],
  ['/trigger/keyword/words/0', '/trigger/words/0'],
  ['/choices/1/name', '/choices/1/name'],
  ['/content/text', '/content/text'],
  ['/content/suggestions/0/reply/title', '/content/suggestions/0/title'],
  ['', ''],
])('an error at %s belongs to %s', (pointer, place) => {
  expect(placeIn(pointer, ROOT, ROOT, CONTENT)).toBe(place);
});

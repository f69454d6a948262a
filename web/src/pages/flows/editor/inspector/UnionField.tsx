import { Select } from '@mantine/core';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import type { Data } from '../document';
import { Form, useForm, type ControlProps } from './context';
import classes from './inspector.module.css';
import { ObjectFields } from './ObjectFields';
import { blank, isRecord, resolve, type Schema } from './schema';
import { TemplateSelect } from './TemplateSelect';
import { fieldName, valueName } from './words';

interface UnionProps extends ControlProps { root: Schema; inContent?: boolean }

/** Contents that a flow can send by itself. */
const SENT = ['text', 'choices', 'template', 'card', 'carousel', 'media', 'location', 'call'];
/** Fields of one kind that say the same in another. */
const SHARED = ['text', 'suggestions', 'title', 'url', 'id', 'caption'];

/** A value of one of several kinds: first the kind, then its fields. */
export function UnionField({ name, schema, value, place, onChange, root, inContent = false }: UnionProps) {
  const { t } = useTranslation('flows');
  const form = useForm();
  const inner = useMemo(() => ({ ...form, root }), [form, root]);
  const data: Data = isRecord(value) ? value : {};
  const tag = schema.discriminator?.propertyName ?? 'type';
  const mapping = schema.discriminator?.mapping ?? {};
  const fallback = isRecord(schema.default) ? schema.default[tag] : undefined;
  const kind = String(data[tag] ?? fallback ?? Object.keys(mapping)[0] ?? '');
  const own = resolve({ $ref: mapping[kind] ?? '' }, root);
  const kinds = inContent ? SENT.filter((one) => one in mapping) : Object.keys(mapping);
  const take = (next: string | null): void => {
    if (next === null || next === kind) return;
    const made = blank({ $ref: mapping[next] ?? '' }, root) as Data;
    const known = resolve({ $ref: mapping[next] ?? '' }, root).properties ?? {};
    const kept = Object.fromEntries(Object.entries(data).filter(([field]) => SHARED.includes(field) && field in known));
    onChange({ ...made, ...kept, [tag]: next });
  };
  const change = (next: Data, mark?: string): void => onChange({ [tag]: kind, ...next }, mark);
  return (
    <Form value={inner}>
      <fieldset className={classes.group} data-place={place}>
        <legend>{fieldName(t, name)}</legend>
        <Select label={inContent ? t('form.contentKind') : t('form.kind')} data={[...(kinds.includes(kind) ? kinds : [kind, ...kinds])].map((one) => ({ value: one, label: valueName(t, one) }))} value={kind} allowDeselect={false} disabled={form.readOnly} onChange={take} />
        {own.description && <p className={classes.hint}>{own.description}</p>}
        {inContent && kind === 'template' && <TemplateSelect value={data} onChange={change} />}
        <ObjectFields schema={shown(own, inContent)} value={data} place={place} onChange={change} />
      </fieldset>
    </Form>
  );
}

/** A flow begins no thread: it answers no message in particular. */
function shown(schema: Schema, inContent: boolean): Schema {
  if (!inContent || !schema.properties?.reply_to) return schema;
  const { reply_to: _, ...properties } = schema.properties;
  return { ...schema, properties };
}

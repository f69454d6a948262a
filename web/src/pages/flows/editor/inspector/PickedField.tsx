import { Autocomplete, Select, TextInput } from '@mantine/core';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { attributesQuery, segmentNamesQuery, tagsQuery } from '../../../../api/contacts';
import { flowsQuery } from '../../../../api/flows';
import { channelsQuery, queuesQuery } from '../../../../api/queries';
import { intentLabelsQuery } from '../../../../api/replies';
import { intentName } from '../../../../ui/words';
import { useEditor } from '../editor';
import { useForm, type ControlProps } from './context';
import { errorAt } from './errors';
import { present, type Picked } from './schema';
import { fieldName, valueName } from './words';

interface PickProps extends ControlProps { what: Picked }
interface Option { value: string; label: string }
type Options = Option[] | { group: string; items: Option[] }[];

function useShared({ name, schema, place }: ControlProps) {
  const { t } = useTranslation('flows');
  const { root, errors, readOnly } = useForm();
  return { label: fieldName(t, name), description: present(schema, root).schema.description, disabled: readOnly, error: errorAt(errors, place), 'data-place': place };
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '');
const flat = (options: Options): Option[] => options.flatMap((one) => ('items' in one ? one.items : [one]));

/** One of what there is. What is gone is still shown, by its own name. */
function One({ options, clearable = false, ...props }: PickProps & { options: Options; clearable?: boolean }) {
  const { t } = useTranslation('flows');
  const shared = useShared(props);
  const value = text(props.value);
  const known = value === '' || flat(options).some((one) => one.value === value);
  const data = known ? options : [...flat(options), { value, label: value }];
  return <Select {...shared} data={data} value={value || null} searchable clearable={clearable} placeholder={t('form.choose')} nothingFoundMessage={t('picker.none')} clearButtonProps={{ 'aria-label': t('common:action.clear') }} onChange={(next) => onChangeOf(props)(next ?? '')} />;
}

const onChangeOf = ({ onChange }: ControlProps) => (next: string): void => onChange(next);

/** What there is, and anything else that is typed. */
function Free({ options, ...props }: PickProps & { options: string[] }) {
  const shared = useShared(props);
  return <Autocomplete {...shared} data={options} limit={30} value={text(props.value)} onChange={(next) => props.onChange(next, props.place)} />;
}

function Segments(props: PickProps) {
  const { data } = useQuery(segmentNamesQuery);
  return <One {...props} options={(data?.items ?? []).map((one) => ({ value: one.id, label: one.name }))} />;
}

function Flows(props: PickProps) {
  const editor = useEditor();
  const { data } = useInfiniteQuery(flowsQuery({ search: '', archived: false }));
  const items = data?.pages.flatMap((page) => page.items) ?? [];
  return <One {...props} options={items.filter((one) => one.id !== editor.flowId && one.version > 0).map((one) => ({ value: one.id, label: one.name }))} />;
}

function Queues(props: PickProps) {
  const { data } = useQuery(queuesQuery);
  return <One {...props} clearable options={(data?.items ?? []).map((one) => ({ value: one.name, label: one.name }))} />;
}

function Channels(props: PickProps) {
  const { t } = useTranslation('flows');
  const { data } = useQuery(channelsQuery);
  const own = (data?.items ?? []).map((one) => ({ value: one.id, label: `${one.name} (${valueName(t, one.kind)})` }));
  const kinds = ['rcs', 'whatsapp', 'sms', 'voice'].map((one) => ({ value: one, label: valueName(t, one) }));
  return <One {...props} options={[{ group: t('form.channelKinds'), items: kinds }, ...(own.length > 0 ? [{ group: t('form.channels'), items: own }] : [])]} />;
}

function Intents(props: PickProps) {
  const { data } = useQuery(intentLabelsQuery);
  const labels = data?.labels ?? [];
  const shared = useShared(props);
  return <Autocomplete {...shared} data={labels} limit={40} value={text(props.value)} renderOption={({ option }) => intentName(option.value)} onChange={(next) => props.onChange(next, props.place)} />;
}

function Tags(props: PickProps) {
  const { data } = useQuery(tagsQuery);
  return <Free {...props} options={[...new Set((data?.items ?? []).map((one) => one.tag))]} />;
}

/** The name of an attribute, or of a variable that is made here. */
function ValueName(props: PickProps) {
  const shared = useShared(props);
  const { data } = useQuery(attributesQuery);
  if (props.siblings?.target === 'variable') return <TextInput {...shared} value={text(props.value)} onChange={(event) => props.onChange(event.currentTarget.value, props.place)} />;
  return <One {...props} options={(data?.items ?? []).map((one) => ({ value: one.key, label: one.label }))} />;
}

/** A reference to something of the tenant's, as a list of what there is. */
export function PickedField(props: PickProps) {
  switch (props.what) {
    case 'segment': return <Segments {...props} />;
    case 'flow': return <Flows {...props} />;
    case 'queue': return <Queues {...props} />;
    case 'channel': return <Channels {...props} />;
    case 'intent': return <Intents {...props} />;
    case 'tag': return <Tags {...props} />;
    case 'event': return <Free {...props} options={[]} />;
    case 'value-name': return <ValueName {...props} />;
  }
}

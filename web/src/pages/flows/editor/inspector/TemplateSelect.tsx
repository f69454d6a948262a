import { Select } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { templatesQuery } from '../../../../api/flows';
import { can } from '../../../../api/permissions';
import { useMe } from '../../../../app/session';
import type { Data } from '../document';
import { useForm } from './context';

/** Chooses one of the provider's templates: its name and language together. */
export function TemplateSelect({ value, onChange }: { value: Data; onChange: (value: Data) => void }) {
  const { t } = useTranslation('flows');
  const me = useMe();
  const { readOnly } = useForm();
  const { data } = useQuery({ ...templatesQuery, enabled: can(me, 'readChannels') });
  const options = [...new Map((data?.items ?? []).map((one) => [`${one.name}\n${one.language}`, { value: `${one.name}\n${one.language}`, label: `${one.name} (${one.language}), ${one.status.toLowerCase().replaceAll('_', ' ')}` }])).values()];
  if (options.length === 0) return null;
  const current = `${String(value.name ?? '')}\n${String(value.language ?? '')}`;
  return <Select label={t('form.template')} placeholder={t('form.choose')} data={options} value={options.some((one) => one.value === current) ? current : null} searchable allowDeselect={false} disabled={readOnly} nothingFoundMessage={t('picker.none')} onChange={(next) => {
    const [name, language] = (next ?? '').split('\n');
    if (name) onChange({ ...value, name, language });
  }} />;
}

import '@mantine/core/styles/Combobox.layer.css';
import { Button, Select } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { IconAlertTriangle, IconArrowRight, IconCheck, IconFingerprint } from '@tabler/icons-react';
import { useNavigate } from '@tanstack/react-router';
import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { attributesQuery } from '../../api/contacts';
import type { Import, ImportColumn as Column } from '../../api/types';
import { ProblemAlert } from '../../ui/ProblemAlert';
import { Status } from '../../ui/Status';
import { COUNTRIES } from './countries';
import classes from './imports.module.css';
import { ADDRESSES, ATTRIBUTE, collisions, FIELDS, guessType, identityOf, samplesOf, withTarget } from './mapping';
import { NewAttribute } from './NewAttribute';
import { useOptions, type Options } from './useOptions';

const IGNORE = 'ignore';
const NEW = 'new';

interface RowProps { column: Column; index: number; row: Import; taken: ReadonlySet<string>; options: Options; attributes: { key: string; label: string }[]; identity: boolean; onNew: () => void }

function useTargets(column: Column, taken: ReadonlySet<string>, attributes: RowProps['attributes']) {
  const { t } = useTranslation('imports');
  const item = (value: string, label: string) => ({ value, label, disabled: value !== column.target && taken.has(value) });
  const made = column.create ? [item(column.target, t('columns.made', { label: column.create.label || column.target.slice(ATTRIBUTE.length), type: t(`types.${column.create.type ?? 'text'}`) }))] : [];
  return [
    { group: t('columns.addresses'), items: ADDRESSES.map((kind) => item(kind, t(`targets.${kind}`))) },
    { group: t('columns.contact'), items: FIELDS.map((name) => item(name, t(`targets.${name}`))) },
    { group: t('columns.attributes'), items: attributes.map(({ key, label }) => item(ATTRIBUTE + key, label)) },
    { group: t('columns.newGroup'), items: [...made, { value: NEW, label: t('columns.new') }] },
    { group: t('columns.rest'), items: [{ value: IGNORE, label: t('columns.ignore') }] },
  ].filter((group) => group.items.length > 0);
}

function ColumnRow({ column, index, row, taken, options, attributes, identity, onNew }: RowProps) {
  const { t } = useTranslation('imports');
  const data = useTargets(column, taken, attributes);
  const samples = samplesOf(row.file.header, row.file.preview, column.column);
  const wrong = options.problem?.fields.find((field) => field.pointer.startsWith(`/mapping/${index}/`))?.detail;
  return (
    <tr data-ignored={column.target === '' || undefined}>
      <th scope="row"><bdi>{column.column}</bdi></th>
      <td className={classes.samples}>
        {samples.length === 0 ? <span className={classes.note}>{t('columns.noSamples')}</span> : samples.map((value) => <code key={value} dir="auto">{value}</code>)}
      </td>
      <td className={classes.targetCell}>
        <Select
          aria-label={t('columns.becomes', { column: column.column })}
          data={data}
          value={column.target || IGNORE}
          error={wrong}
          searchable
          allowDeselect={false}
          maxDropdownHeight={320}
          nothingFoundMessage={t('columns.nothing')}
          onChange={(value) => {
            if (value === NEW) onNew();
            else if (value) options.set({ mapping: withTarget(options.value.mapping, column.column, value === IGNORE ? '' : value, value === column.target ? column.create : null) });
          }}
        />
      </td>
      <td className={classes.columnMark}>
        {identity && <Status tone="success" icon={<IconFingerprint size={13} aria-hidden />} title={t('columns.identityHint')}>{t('columns.identity')}</Status>}
        {column.create && <Status tone="info">{t('columns.willCreate')}</Status>}
      </td>
    </tr>
  );
}

function Country({ options }: { options: Options }) {
  const { t } = useTranslation('imports');
  const data = useMemo(() => {
    const names = new Intl.DisplayNames(document.documentElement.lang || 'en', { type: 'region' });
    return COUNTRIES.map((code) => ({ value: code, label: names.of(code) ?? code })).toSorted((one, other) => one.label.localeCompare(other.label));
  }, []);
  return (
    <Select
      className={classes.country}
      label={t('columns.country')}
      description={t('columns.countryHint')}
      data={data}
      value={options.value.default_country}
      error={options.problem?.fields.find((field) => field.pointer === '/default_country')?.detail}
      searchable
      allowDeselect={false}
      onChange={(value) => value && options.set({ default_country: value })}
    />
  );
}

/** Which column is what. At least one must say who a row is. */
export function ColumnsStep({ row }: { row: Import }) {
  const { t } = useTranslation('imports');
  const navigate = useNavigate();
  const options = useOptions(row);
  const { data } = useQuery(attributesQuery);
  const [making, setMaking] = useState<Column | null>(null);
  const { mapping } = options.value;
  const taken = new Set(mapping.map((column) => column.target).filter(Boolean));
  const identity = identityOf(mapping);
  const twice = collisions(mapping);
  const used = mapping.filter((column) => column.target !== '').length;
  // Only a press on the button makes it wait: a save in the background that blocked it would swallow the click.
  const [leaving, setLeaving] = useState(false);
  const go = async (step: 'file' | 'policy'): Promise<void> => {
    setLeaving(true);
    const saved = await options.flush();
    setLeaving(false);
    if (saved) await navigate({ to: '/imports/$importId', params: { importId: row.id }, search: { step } });
  };
  const known = options.problem?.fields.some((field) => field.pointer.startsWith('/mapping/') || field.pointer === '/default_country');
  return (
    <section className={`surface ${classes.panel}`} aria-labelledby="import-columns">
      <div className={classes.panelHead}>
        <h2 id="import-columns" className={classes.panelTitle}>{t('columns.title')}</h2>
        <span className={classes.note}>{t('columns.used', { used, count: mapping.length })}</span>
      </div>
      {identity ? (
        <p className={classes.good}><IconCheck size={16} aria-hidden />{t('columns.identityIs', { column: identity.column })}</p>
      ) : (
        <p className={classes.missing} role="alert"><IconAlertTriangle size={16} aria-hidden />{t('columns.identityMissing')}</p>
      )}
      <Country options={options} />
      <div className={classes.tableFrame}>
        <table className={classes.columnsTable}>
          <thead>
            <tr>
              <th scope="col">{t('columns.column')}</th>
              <th scope="col">{t('columns.samples')}</th>
              <th scope="col">{t('columns.target')}</th>
              <th scope="col"><span className="visually-hidden">{t('columns.remark')}</span></th>
            </tr>
          </thead>
          <tbody>
            {mapping.map((column, index) => (
              <ColumnRow key={column.column} column={column} index={index} row={row} taken={taken} options={options} attributes={data?.items ?? []} identity={column === identity} onNew={() => setMaking(column)} />
            ))}
          </tbody>
        </table>
      </div>
      {options.problem && !known && <ProblemAlert error={options.problem} onRetry={() => void options.flush()} />}
      <div className={classes.footer}>
        <Button variant="default" onClick={() => void go('file')}>{t('common:action.back')}</Button>
        <Button rightSection={<IconArrowRight size={16} aria-hidden className={classes.arrow} />} disabled={!identity || twice.size > 0} loading={leaving} onClick={() => void go('policy')}>{t('columns.next')}</Button>
      </div>
      {making && (
        <NewAttribute
          column={making.column}
          type={guessType(samplesOf(row.file.header, row.file.preview, making.column, row.file.preview.length))}
          samples={samplesOf(row.file.header, row.file.preview, making.column, row.file.preview.length)}
          taken={new Set([...taken, ...(data?.items ?? []).map((one) => ATTRIBUTE + one.key)])}
          onClose={() => setMaking(null)}
          onMake={(key, create) => {
            options.set({ mapping: withTarget(mapping, making.column, ATTRIBUTE + key, create) });
            setMaking(null);
          }}
        />
      )}
    </section>
  );
}

import { Button, Menu } from '@mantine/core';
import { IconBraces, IconCheck, IconChevronDown, IconDownload, IconFileSpreadsheet, IconFileTypeCsv } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { exportUrl, type ExportFilter } from '../api/exports';

const FORMATS = [
  { format: 'csv', Glyph: IconFileTypeCsv },
  { format: 'xlsx', Glyph: IconFileSpreadsheet },
  { format: 'jsonl', Glyph: IconBraces },
] as const;

interface ExportMenuProps {
  /** Whom to export: the filters of the table, or a segment. */
  filter: ExportFilter;
  /** Columns that are on screen, as names of the export; then a person may choose them or all. */
  columns?: string[];
}

/** Downloads the people that match, streamed by the server, in the format chosen. */
export function ExportMenu({ filter, columns }: ExportMenuProps) {
  const { t } = useTranslation();
  const [all, setAll] = useState(columns === undefined);
  const chosen = all ? undefined : columns;
  const mark = (on: boolean) => (on ? <IconCheck size={16} aria-hidden /> : <span style={{ width: 16 }} />);
  return (
    <Menu position="bottom-end" width={250} closeOnItemClick={false}>
      <Menu.Target>
        <Button variant="default" leftSection={<IconDownload size={16} aria-hidden />} rightSection={<IconChevronDown size={14} aria-hidden />}>{t('export.open')}</Button>
      </Menu.Target>
      <Menu.Dropdown>
        {columns && (
          <>
            <Menu.Label>{t('export.columns')}</Menu.Label>
            <Menu.Item role="menuitemradio" aria-checked={all} leftSection={mark(all)} onClick={() => setAll(true)}>{t('export.all')}</Menu.Item>
            <Menu.Item role="menuitemradio" aria-checked={!all} leftSection={mark(!all)} onClick={() => setAll(false)}>{t('export.shown', { count: columns.length })}</Menu.Item>
            <Menu.Divider />
          </>
        )}
        <Menu.Label>{t('export.download')}</Menu.Label>
        {FORMATS.map(({ format, Glyph }) => (
          <Menu.Item key={format} component="a" href={exportUrl(format, filter, chosen)} download closeMenuOnClick leftSection={<Glyph size={16} aria-hidden />}>
            {t(`export.format.${format}`)}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

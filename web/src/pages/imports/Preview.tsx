import { useTranslation } from 'react-i18next';
import type { ImportFile } from '../../api/types';
import classes from './imports.module.css';

const FIRST_DATA_ROW = 2;

/** The first rows as they were read, so that a wrong encoding or delimiter is seen at once. */
export function Preview({ file, busy }: { file: ImportFile; busy: boolean }) {
  const { t } = useTranslation('imports');
  return (
    <div className={classes.previewFrame} tabIndex={0} role="region" aria-label={t('file.preview')} aria-busy={busy}>
      <table className={classes.preview}>
        <thead>
          <tr>
            <th scope="col"><span className="visually-hidden">{t('file.row')}</span></th>
            {file.header.map((name) => <th key={name} scope="col"><bdi>{name}</bdi></th>)}
          </tr>
        </thead>
        <tbody>
          {file.preview.map((row, at) => (
            <tr key={at}>
              <th scope="row">{at + FIRST_DATA_ROW}</th>
              {file.header.map((name, column) => <td key={name} dir="auto">{row[column] ?? ''}</td>)}
            </tr>
          ))}
        </tbody>
      </table>
      {file.preview.length === 0 && <p className={classes.note}>{t('file.empty')}</p>}
    </div>
  );
}

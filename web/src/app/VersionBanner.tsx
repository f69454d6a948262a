import { Button } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import classes from './shell.module.css';

export function VersionBanner() {
  const { t } = useTranslation();
  return (
    <div className={classes.banner} role="status">
      <span>
        <strong>{t('version.title')}</strong> {t('version.text')}
      </span>
      <Button size="xs" variant="default" onClick={() => location.reload()}>{t('action.reload')}</Button>
    </div>
  );
}

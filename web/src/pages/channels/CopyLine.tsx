import { CopyButton } from '@mantine/core';
import { IconCheck, IconCopy } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import classes from './channels.module.css';

/** A value to take elsewhere, with a button that copies it. */
export function CopyLine({ label, value }: { label: string; value: string }) {
  const { t } = useTranslation('channels');
  return (
    <div className={classes.copyLine}>
      <span className={classes.copyLabel}>{label}</span>
      <code dir="ltr">{value}</code>
      <CopyButton value={value}>
        {({ copied, copy }) => (
          <button type="button" className={classes.icon} aria-label={t(copied ? 'form.copied' : 'form.copy', { label })} onClick={copy}>
            {copied ? <IconCheck size={16} aria-hidden /> : <IconCopy size={16} aria-hidden />}
          </button>
        )}
      </CopyButton>
    </div>
  );
}

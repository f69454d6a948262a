import { IconCircleCheck, IconCircleX } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { Check } from '../../api/types';
import classes from './channels.module.css';

/** What the provider said when it was asked. */
export function CheckResult({ found }: { found: Check }) {
  const { t } = useTranslation('channels');
  const Glyph = found.ok ? IconCircleCheck : IconCircleX;
  return (
    <div className={classes.notice} data-tone={found.ok ? 'success' : 'danger'} role="status">
      <Glyph size={16} aria-hidden />
      <span><strong>{t(found.ok ? 'check.ok' : 'check.wrong')}</strong> {found.detail}</span>
    </div>
  );
}

import { IconCheck, IconQuestionMark, IconX } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import classes from './routing.module.css';

/** Holds, does not hold, or cannot be said. */
export function Verdict({ result }: { result: boolean | null }) {
  const { t } = useTranslation('routing');
  const Icon = result === null ? IconQuestionMark : result ? IconCheck : IconX;
  return (
    <span className={classes.verdict} data-result={String(result)}>
      <Icon size={13} aria-hidden />
      <span className="visually-hidden">{t(result === null ? 'try.unknown' : result ? 'try.true' : 'try.false')}</span>
    </span>
  );
}

import { IconCheck } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import classes from './imports.module.css';
import { STEPS, type Step } from './steps';

/** Where the import stands; earlier steps can be gone back to while nothing has been written. */
export function Stepper({ importId, step, over }: { importId: string | null; step: Step; over: boolean }) {
  const { t } = useTranslation('imports');
  const at = STEPS.indexOf(step);
  return (
    <nav aria-label={t('steps.label')}>
      <ol className={classes.steps}>
        {STEPS.map((name, index) => {
          const done = index < at || over;
          const inner = (
            <>
              <span className={classes.stepMark} aria-hidden>{done ? <IconCheck size={14} /> : index + 1}</span>
              <span>{t(`steps.${name}`)}</span>
            </>
          );
          return (
            <li key={name} data-state={index === at ? 'current' : done ? 'done' : 'ahead'} aria-current={index === at ? 'step' : undefined}>
              {importId && index < at && !over ? (
                <Link to="/imports/$importId" params={{ importId }} search={{ step: name }} className={classes.step}>{inner}</Link>
              ) : (
                <span className={classes.step}>{inner}</span>
              )}
            </li>
          );
        })}
      </ol>
    </nav>
  );
}

import { Button } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { asProblem } from '../api/problem';
import { problemWords } from './problemWords';
import classes from './ui.module.css';

/** An error of the API: what is wrong, what to do, the request id for whoever helps, and Retry where that makes sense. */
export function ProblemAlert({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const { t } = useTranslation();
  const problem = asProblem(error);
  const { title, text } = problemWords(t, problem);
  return (
    <div role="alert" className={classes.problem}>
      <IconAlertTriangle size={18} aria-hidden />
      <div className={classes.problemBody}>
        <div className={classes.problemTitle}>{title}</div>
        {text && <div>{text}</div>}
        {problem.requestId && <div className={classes.problemMeta}>{t('problem.requestId', { id: problem.requestId })}</div>}
      </div>
      {onRetry && (
        <Button className={classes.problemRetry} size="xs" variant="default" onClick={onRetry}>
          {t('action.retry')}
        </Button>
      )}
    </div>
  );
}

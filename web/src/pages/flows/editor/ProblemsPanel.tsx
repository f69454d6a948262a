import { IconAlertTriangle, IconChecks, IconExclamationCircle } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { useStore } from '../../../app/store';
import { EmptyState } from '../../../ui/EmptyState';
import { stepOf } from './document';
import { useDocument, useEditor } from './editor';
import classes from './editor.module.css';
import { useNodeTypes } from './nodeTypes';
import { summaryOf } from './summary';
import { useTroubles } from './useLook';

/** What is wrong or doubtful, in the order of the canvas; a click leads to the field. */
export function ProblemsPanel() {
  const { t } = useTranslation('flows');
  const editor = useEditor();
  const types = useNodeTypes();
  const document = useDocument();
  const look = useStore(editor.look);
  const troubles = useTroubles();
  const failed = (look?.tests ?? []).filter((test) => !test.passed);
  if (!look) return <div className="skeleton" style={{ height: 120 }} />;
  if (troubles.length + failed.length === 0) return <EmptyState icon={IconChecks} title={t('problems.none')} text={t('problems.noneText')} />;
  return (
    <ul className={classes.problems}>
      {troubles.map((trouble, nth) => {
        const step = stepOf(document, trouble.node);
        return (
          <li key={nth}>
            <button type="button" className={classes.problem} disabled={!step} onClick={() => editor.reveal(trouble.node, trouble.field)}>
              {trouble.severity === 'error' ? <IconExclamationCircle size={16} className={classes.error} aria-label={t('problem.error')} /> : <IconAlertTriangle size={16} className={classes.warning} aria-label={t('problem.warning')} />}
              <span><span className={classes.problemWords}>{trouble.words}</span>{step && <small dir="auto">{[types.get(step.type)?.title ?? step.type, summaryOf(step)].filter(Boolean).join(': ')}</small>}</span>
            </button>
          </li>
        );
      })}
      {failed.map((test) => <li key={test.id} className={classes.problem}><IconExclamationCircle size={16} className={classes.error} aria-label={t('problem.error')} /><span><span className={classes.problemWords}>{t('problems.test', { name: test.name })}</span>{test.differences.map((one, nth) => <small key={nth}>{one}</small>)}</span></li>)}
    </ul>
  );
}

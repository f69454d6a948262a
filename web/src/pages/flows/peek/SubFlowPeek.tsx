import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { IconExternalLink } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { flowQuery, flowVersionQuery } from '../../../api/flows';
import { createStore } from '../../../app/store';
import { ProblemAlert } from '../../../ui/ProblemAlert';
import { FlowCanvas } from '../editor/canvas/FlowCanvas';
import type { View } from '../editor/canvas/handle';
import { documentOf } from '../editor/document';
import classes from './peek.module.css';

function Drawing({ flowId, version, name }: { flowId: string; version: number; name: string }) {
  const { t } = useTranslation('flowpeek');
  const [view] = useState(() => createStore<View>('all'));
  const { data, error, refetch } = useQuery(flowVersionQuery(flowId, version));
  if (error) return <ProblemAlert error={error} onRetry={() => void refetch()} />;
  const document = data ? documentOf(data.document) : null;
  if (!data) return <div className="skeleton" style={{ height: 240 }} />;
  return document ? <div className={classes.drawing}><FlowCanvas document={document} view={view} small label={t('drawing', { name, version })} /></div> : <p role="alert">{t('unreadable')}</p>;
}

/** The flow that a step goes through, as it runs now: to look at, and to open beside this one. */
export function SubFlowPeek({ flowId }: { flowId: string }) {
  const { t } = useTranslation('flowpeek');
  const { data, error, refetch } = useQuery(flowQuery(flowId));
  if (error) return <ProblemAlert error={error} onRetry={() => void refetch()} />;
  if (!data) return <div className="skeleton" style={{ height: 240 }} />;
  return (
    <section className={classes.peek} aria-label={t('title')}>
      <header className={classes.head}>
        <h3><bdi>{data.name}</bdi>{data.version > 0 && <small>{t('version', { version: data.version })}</small>}</h3>
        <Link to="/flows/$flowId" params={{ flowId }} target="_blank" rel="noreferrer" className={classes.open}><IconExternalLink size={15} aria-hidden />{t('open')}</Link>
      </header>
      {data.description && <p className={classes.text}>{data.description}</p>}
      {data.version > 0 ? <Drawing flowId={flowId} version={data.version} name={data.name} /> : <p className={classes.text}>{t('unpublished')}</p>}
    </section>
  );
}

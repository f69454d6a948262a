import { Button } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { IconX } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { insideQuery } from '../../../api/flowLive';
import { useStore } from '../../../app/store';
import { ProblemAlert } from '../../../ui/ProblemAlert';
import { NOTHING, stepOf } from '../editor/document';
import { useEditor } from '../editor/editor';
import { useNodeTypes } from '../editor/nodeTypes';
import classes from './live.module.css';
import { SessionRow } from './SessionRow';

type Kind = 'stuck' | 'waiting';
const KINDS: readonly Kind[] = ['stuck', 'waiting'];

/** Who stands where: those who are stuck with the reason, to run again or to end; and those who wait. Of the step that is picked on
 * the canvas, or of all.
 */
export function Inside() {
  const { t } = useTranslation('flowlive');
  const editor = useEditor();
  const types = useNodeTypes();
  const [node = null] = useStore(editor.picked).nodes;
  const shown = useStore(editor.shown);
  const [chosen, setChosen] = useState<Kind | null>(null);
  const kind = chosen ?? (node === null ? 'stuck' : 'waiting');
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery(insideQuery(editor.flowId, kind, node));
  const rows = data?.pages.flatMap((page) => page.items) ?? [];
  const step = node !== null && shown ? stepOf(shown.document, node) : undefined;
  return (
    <section className={classes.inside} aria-label={t('inside.title')}>
      <h3>{node === null ? t('inside.title') : t('inside.at', { step: step ? `${types.get(step.type)?.title ?? step.type} (${node})` : node })}</h3>
      {node === null ? <p className={classes.hint}>{t('inside.hint')}</p> : <Button size="xs" variant="default" leftSection={<IconX size={14} aria-hidden />} className={classes.all} onClick={() => editor.picked.set(NOTHING)}>{t('inside.all')}</Button>}
      <div className={classes.doings} role="group" aria-label={t('inside.which')}>
        {KINDS.map((one) => <Button key={one} size="xs" variant={one === kind ? 'filled' : 'default'} aria-pressed={one === kind} onClick={() => setChosen(one)}>{t(`inside.${one}`)}</Button>)}
      </div>
      {error && !data && <ProblemAlert error={error} onRetry={() => void refetch()} />}
      {data && rows.length === 0 && <p className={classes.hint}>{t(kind === 'stuck' ? 'inside.noneStuck' : 'inside.noneWaiting')}</p>}
      <ul className={classes.people}>{rows.map((one) => <SessionRow key={one.id} one={one} onShow={() => editor.canvas.current?.center(one.node)} />)}</ul>
      {hasNextPage && <Button variant="default" loading={isFetchingNextPage} onClick={() => void fetchNextPage()}>{t('inside.older')}</Button>}
    </section>
  );
}

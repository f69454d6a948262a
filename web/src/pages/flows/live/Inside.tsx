import { Button } from '@mantine/core';
import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { IconX } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { contactQuery } from '../../../api/queries';
import { exitSession, insideQuery, resumeSession, type FlowSession } from '../../../api/flowLive';
import { keys } from '../../../api/keys';
import { can } from '../../../api/permissions';
import { useMe } from '../../../app/session';
import { useStore } from '../../../app/store';
import { ProblemAlert } from '../../../ui/ProblemAlert';
import { Status } from '../../../ui/Status';
import { toast, toastProblem } from '../../../ui/toast';
import { When } from '../../../ui/When';
import { NOTHING, stepOf } from '../editor/document';
import { useEditor } from '../editor/editor';
import { useNodeTypes } from '../editor/nodeTypes';
import classes from './live.module.css';

type Kind = 'stuck' | 'waiting';
const KINDS: readonly Kind[] = ['stuck', 'waiting'];

function Name({ id }: { id: string }) {
  const { t } = useTranslation('flowlive');
  const me = useMe();
  const { data } = useQuery({ ...contactQuery(id), enabled: can(me, 'readContacts') });
  return <Link to="/contacts/$contactId" params={{ contactId: id }}><bdi>{data?.name || data?.phone || t('inside.contact')}</bdi></Link>;
}

function Row({ one }: { one: FlowSession }) {
  const { t } = useTranslation('flowlive');
  const me = useMe();
  const editor = useEditor();
  const client = useQueryClient();
  const done = (words: string): void => {
    toast(words);
    void client.invalidateQueries({ queryKey: keys.flowInside(editor.flowId) });
  };
  const resume = useMutation({
    mutationFn: () => resumeSession(one.id),
    onSuccess: ({ status, reason }) => done(status === 'stuck' ? t('inside.still', { reason }) : t('inside.resumed')),
    onError: (error) => toastProblem(t, t('inside.failed'), error),
  });
  const exit = useMutation({ mutationFn: () => exitSession(one.id), onSuccess: () => done(t('inside.exited')), onError: (error) => toastProblem(t, t('inside.failed'), error) });
  return (
    <li className={classes.person}>
      <div className={classes.personHead}>
        <Name id={one.contact_id} />
        {one.status === 'stuck' && <Status tone="danger">{t('inside.stuck')}</Status>}
        <small><When at={one.updated_at} /></small>
      </div>
      <p><button type="button" className={classes.link} title={t('figures.show')} onClick={() => editor.canvas.current?.center(one.node)}>{one.node}</button> <small>{t('figures.version', { version: one.version })}</small></p>
      {one.reason && <p className={classes.reason}>{one.reason}</p>}
      {can(me, 'steerCampaigns') && (
        <div className={classes.doings}>
          {one.status === 'stuck' && <Button size="xs" variant="default" loading={resume.isPending} onClick={() => resume.mutate()}>{t('inside.resume')}</Button>}
          <Button size="xs" variant="default" loading={exit.isPending} onClick={() => exit.mutate()}>{t('inside.exit')}</Button>
        </div>
      )}
    </li>
  );
}

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
      <ul className={classes.people}>{rows.map((one) => <Row key={one.id} one={one} />)}</ul>
      {hasNextPage && <Button variant="default" loading={isFetchingNextPage} onClick={() => void fetchNextPage()}>{t('inside.older')}</Button>}
    </section>
  );
}

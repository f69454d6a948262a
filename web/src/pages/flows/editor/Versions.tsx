import { Button, Modal } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { IconHistory } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { flowVersionQuery, flowVersionsQuery, restoreFlow, type Flow } from '../../../api/flows';
import { EmptyState } from '../../../ui/EmptyState';
import { ProblemAlert } from '../../../ui/ProblemAlert';
import { toast, toastProblem } from '../../../ui/toast';
import { When } from '../../../ui/When';
import { documentOf, NOTHING } from './document';
import { useEditor } from './editor';
import classes from './editor.module.css';
import { useSaver } from './saverContext';

/** The published versions: to look at, and to make the draft again. */
export function Versions({ flow, onClose }: { flow: Flow; onClose: () => void }) {
  const { t } = useTranslation('flows');
  const editor = useEditor();
  const saver = useSaver();
  const client = useQueryClient();
  const { data, error, refetch } = useQuery({ ...flowVersionsQuery(flow.id), staleTime: 0 });
  const load = async (version: number) => {
    const found = await client.fetchQuery(flowVersionQuery(flow.id, version));
    const document = documentOf(found.document);
    if (!document) throw new Error('unreadable');
    return document;
  };
  const look = useMutation({
    mutationFn: load,
    onSuccess: (document, version) => {
      editor.select(NOTHING);
      editor.shown.set({ title: t('versions.name', { version }), document });
      onClose();
    },
    onError: (problem) => toastProblem(t, t('versions.failed'), problem),
  });
  const restore = useMutation({
    mutationFn: async (version: number) => {
      await saver.flush();
      const document = await load(version);
      return { document, saved: await restoreFlow(flow.id, version) };
    },
    onSuccess: ({ document, saved }, version) => {
      editor.shown.set(null);
      editor.edit(() => document);
      saver.adopt(document, saved.version, saved.updated_at);
      toast(t('versions.restored', { version }));
      onClose();
    },
    onError: (problem) => toastProblem(t, t('versions.failed'), problem),
  });
  return (
    <Modal opened onClose={onClose} size="lg" title={t('versions.title')} closeButtonProps={{ 'aria-label': t('common:action.close') }}>
      {error && !data && <ProblemAlert error={error} onRetry={() => void refetch()} />}
      {!data && !error && <div className="skeleton" style={{ height: 120 }} />}
      {data?.items.length === 0 && <EmptyState icon={IconHistory} title={t('versions.none')} text={t('versions.noneText')} />}
      <ul className={classes.versions}>
        {data?.items.map((row) => (
          <li key={row.version}>
            <strong>{t('versions.name', { version: row.version })}</strong>
            {row.version === flow.version && <span className={classes.current}>{t('versions.current')}</span>}
            <span className={classes.versionNote}><span dir="auto">{row.note || t('versions.noNote')}</span><small>{row.created_by} · <When at={row.created_at} /></small></span>
            <Button size="xs" variant="default" loading={look.isPending && look.variables === row.version} onClick={() => look.mutate(row.version)}>{t('versions.look')}<span className="visually-hidden"> {row.version}</span></Button>
            {editor.writable && <Button size="xs" variant="default" loading={restore.isPending && restore.variables === row.version} onClick={() => restore.mutate(row.version)}>{t('versions.restore')}<span className="visually-hidden"> {row.version}</span></Button>}
          </li>
        ))}
      </ul>
    </Modal>
  );
}

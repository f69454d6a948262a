import { Button, Modal } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { flowDraftQuery } from '../../../api/flows';
import { ProblemAlert } from '../../../ui/ProblemAlert';
import { When } from '../../../ui/When';
import { documentOf, NOTHING } from './document';
import { startHistory, useEditor } from './editor';
import classes from './editor.module.css';
import { useSaver } from './saverContext';

/** Somebody else saved the draft first: who and when, and whose it shall be. */
export function ConflictDialog({ by, at, onClose }: { by: string; at: string; onClose: () => void }) {
  const { t } = useTranslation('flows');
  const editor = useEditor();
  const saver = useSaver();
  const client = useQueryClient();
  const theirs = () => client.fetchQuery({ ...flowDraftQuery(editor.flowId), staleTime: 0 });
  const keepMine = useMutation({ mutationFn: async () => saver.saveOver((await theirs()).version) });
  const takeTheirs = useMutation({
    mutationFn: theirs,
    onSuccess: (draft) => {
      const document = documentOf(draft.document);
      if (!document) return;
      editor.select(NOTHING);
      // What was mine is one step of undo away.
      editor.history.set({ ...startHistory(document), past: [editor.history.get().present] });
      saver.adopt(document, draft.version, draft.updated_at);
    },
  });
  const error = keepMine.error ?? takeTheirs.error;
  return (
    <Modal opened onClose={onClose} title={t('conflict.title')} closeButtonProps={{ 'aria-label': t('common:action.close') }}>
      <div className={classes.dialog}>
        <p>{by ? t('conflict.by', { name: by }) : t('conflict.somebody')} {at && <When at={at} />}</p>
        <p className={classes.quiet}>{t('conflict.text')}</p>
        {error && <ProblemAlert error={error} />}
        <div className={classes.dialogActions}>
          <Button variant="default" loading={keepMine.isPending} onClick={() => keepMine.mutate()}>{t('conflict.keepMine')}</Button>
          <Button data-autofocus loading={takeTheirs.isPending} onClick={() => takeTheirs.mutate()}>{t('conflict.takeTheirs')}</Button>
        </div>
      </div>
    </Modal>
  );
}

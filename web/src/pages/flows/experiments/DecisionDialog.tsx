import { Button, Modal, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { decideExperiment, type DecisionKind, type Experiment, type ExperimentArm } from '../../../api/experiments';
import { keys } from '../../../api/keys';
import { formatPercent } from '../../../ui/numbers';
import { ProblemAlert } from '../../../ui/ProblemAlert';
import { toast } from '../../../ui/toast';
import { useEditor } from '../editor/editor';
import classes from './experiments.module.css';

const REASON_CHARS_MAX = 500;

/** A decision before it is made. `all`: everything that was decided is taken back. */
export interface Wanted { kind: DecisionKind | 'all'; arm: ExperimentArm }

/** Says what a decision does, asks why, and makes it. */
export function DecisionDialog({ experiment, wanted: { kind, arm }, onClose }: { experiment: Experiment; wanted: Wanted; onClose: () => void }) {
  const { t } = useTranslation('experiments');
  const editor = useEditor();
  const client = useQueryClient();
  const [reason, setReason] = useState('');
  const queryKey = keys.flowExperiments(editor.flowId);
  const decide = useMutation({
    mutationFn: async () => {
      await client.cancelQueries({ queryKey }); // an answer from before the decision must not come after it
      return decideExperiment(editor.flowId, experiment.node, kind === 'all' ? 'resume' : kind, kind === 'all' ? '' : arm.name, reason.trim());
    },
    onSuccess: (decided) => {
      client.setQueryData(queryKey, (old: { items: Experiment[]; has_more: boolean } | undefined) => old && { ...old, items: old.items.map((one) => (one.node === decided.node ? decided : one)) });
      toast(t(`done.${kind}`, { arm: arm.name }));
      onClose();
    },
    onError: () => void client.invalidateQueries({ queryKey }),
  });
  return (
    <Modal opened onClose={onClose} title={t(`dialog.${kind}`, { arm: arm.name })} closeButtonProps={{ 'aria-label': t('common:action.close') }}>
      <form className={classes.dialog} onSubmit={(event) => {
        event.preventDefault();
        if (!decide.isPending) decide.mutate();
      }}>
        <p>{t(`dialog.${kind}Text`, { arm: arm.name })}</p>
        {kind === 'winner' && arm.likely_best !== null && arm.entries > 0 && <p>{t('dialog.winnerLikely', { likely: formatPercent(arm.likely_best) })}</p>}
        <TextInput data-autofocus label={t('dialog.reason')} description={t('dialog.reasonHint')} maxLength={REASON_CHARS_MAX} value={reason} onChange={(event) => setReason(event.currentTarget.value)} />
        {decide.error && <ProblemAlert error={decide.error} />}
        <div className={classes.dialogActions}>
          <Button variant="default" onClick={onClose}>{t('dialog.cancel')}</Button>
          <Button type="submit" color={kind === 'stop' ? 'red' : undefined} loading={decide.isPending}>{t(`choose.${kind === 'all' ? 'resume' : kind}`)}</Button>
        </div>
      </form>
    </Modal>
  );
}

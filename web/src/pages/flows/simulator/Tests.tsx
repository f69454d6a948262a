import { Button, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { IconCheck, IconCircleDashed, IconTrash, IconX } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { idempotencyKey } from '../../../api/client';
import { keys } from '../../../api/keys';
import { dropFlowTest, flowTestsQuery, keepFlowTest, runFlowTests, type FlowTest, type FlowTestResult } from '../../../api/simulations';
import { ProblemAlert } from '../../../ui/ProblemAlert';
import { Status } from '../../../ui/Status';
import { toast, toastProblem } from '../../../ui/toast';
import { useEditor } from '../editor/editor';
import type { Played } from './run';
import classes from './simulator.module.css';

function Keep({ played }: { played: Played }) {
  const { t } = useTranslation('simulator');
  const editor = useEditor();
  const client = useQueryClient();
  const [name, setName] = useState('');
  const [key, setKey] = useState(idempotencyKey);
  const keep = useMutation({
    mutationFn: () => keepFlowTest(editor.flowId, name.trim(), played.id, key),
    onSuccess: (test) => {
      client.setQueryData(flowTestsQuery(editor.flowId).queryKey, (old) => old && { ...old, items: [...old.items, test] });
      void client.invalidateQueries({ queryKey: keys.flowTests(editor.flowId) });
      toast(t('tests.saved', { name: test.name }));
      setName('');
      setKey(idempotencyKey());
    },
    onError: () => setKey(idempotencyKey()),
  });
  if (played.sample) return <p className={classes.hint}>{t('tests.noReal')}</p>;
  return (
    <form
      className={classes.doing}
      onSubmit={(event) => {
        event.preventDefault();
        if (name.trim() && !keep.isPending) keep.mutate();
      }}
    >
      <div className={classes.replyLine}>
        <TextInput aria-label={t('tests.name')} placeholder={t('tests.placeholder')} value={name} maxLength={80} onChange={(event) => setName(event.currentTarget.value)} className={classes.grow} />
        <Button type="submit" variant="default" loading={keep.isPending}>{t('tests.keep')}</Button>
      </div>
      {keep.error && <ProblemAlert error={keep.error} />}
    </form>
  );
}

function Result({ result }: { result: FlowTestResult | undefined }) {
  const { t } = useTranslation('simulator');
  if (!result) return <Status tone="neutral" icon={<IconCircleDashed size={13} aria-hidden />}>{t('tests.unrun')}</Status>;
  return result.passed ? <Status tone="success" icon={<IconCheck size={13} aria-hidden />}>{t('tests.passed')}</Status> : <Status tone="danger" icon={<IconX size={13} aria-hidden />}>{t('tests.failed')}</Status>;
}

/** The runs that publishing repeats: keep this one, run all of them on the drawing as it is now, forget one. */
export function Tests({ played }: { played: Played | null }) {
  const { t } = useTranslation('simulator');
  const editor = useEditor();
  const client = useQueryClient();
  const { data, error, refetch } = useQuery(flowTestsQuery(editor.flowId));
  const run = useMutation({ mutationFn: () => runFlowTests(editor.flowId, { ...editor.history.get().present }) });
  const drop = useMutation({
    mutationFn: (test: FlowTest) => dropFlowTest(editor.flowId, test.id),
    onSuccess: (_, test) => {
      client.setQueryData(flowTestsQuery(editor.flowId).queryKey, (old) => old && { ...old, items: old.items.filter((one) => one.id !== test.id) });
      toast(t('tests.dropped', { name: test.name }));
    },
    onError: (failure) => toastProblem(t, t('tests.dropFailed'), failure),
  });
  const results = new Map(run.data?.tests.map((one) => [one.id, one]));
  if (error) return <ProblemAlert error={error} onRetry={() => void refetch()} />;
  const items = data?.items ?? [];
  return (
    <div className={classes.doing}>
      {played && played.frames.length > 0 && editor.writable && <Keep played={played} />}
      {data && items.length === 0 && <p className={classes.hint}>{t('tests.none')}</p>}
      {items.length > 0 && <Button variant="default" loading={run.isPending} onClick={() => run.mutate()}>{t('tests.run')}</Button>}
      {run.data && run.data.faults.length > 0 && <p role="alert" className={classes.hint}>{t('tests.faults')}</p>}
      {run.error && <ProblemAlert error={run.error} />}
      <ul className={classes.tests}>
        {items.map((test) => {
          const result = results.get(test.id);
          return (
            <li key={test.id}>
              <div className={classes.testHead}>
                <span className={classes.grow} dir="auto">{test.name}</span>
                <Result result={result} />
                {editor.writable && <button type="button" className={classes.icon} aria-label={t('tests.drop', { name: test.name })} onClick={() => drop.mutate(test)}><IconTrash size={15} aria-hidden /></button>}
              </div>
              {result && result.differences.length > 0 && <ul className={classes.differences}>{result.differences.map((words) => <li key={words} dir="auto">{words}</li>)}</ul>}
            </li>
          );
        })}
      </ul>
    </div>
  );
}

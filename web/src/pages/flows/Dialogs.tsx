import { Button, Modal, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { idempotencyKey } from '../../api/client';
import { archiveFlow, createFlow, exportFlow, type Flow } from '../../api/flows';
import { keys } from '../../api/keys';
import { asProblem } from '../../api/problem';
import { ProblemAlert } from '../../ui/ProblemAlert';
import { toast } from '../../ui/toast';
import classes from './flows.module.css';

const NAME_CHARS_MAX = 80;
const TAKEN = 'flow-exists';

/** Makes a flow: an empty one, or one like another. */
export function NewFlowDialog({ like, onClose }: { like?: Flow; onClose: () => void }) {
  const { t } = useTranslation('flows');
  const navigate = useNavigate();
  const client = useQueryClient();
  const [name, setName] = useState(() => (like ? t('new.copyOf', { name: like.name }).slice(0, NAME_CHARS_MAX) : ''));
  const [key, setKey] = useState(idempotencyKey);
  const make = useMutation({
    mutationFn: async () => createFlow(name.trim(), key, like && (await exportFlow(like.id)).document),
    onSuccess: (made) => {
      void client.invalidateQueries({ queryKey: keys.flowLists });
      void navigate({ to: '/flows/$flowId', params: { flowId: made.id } });
    },
    onError: () => setKey(idempotencyKey()),
  });
  const problem = make.error && asProblem(make.error);
  const taken = problem?.code === TAKEN;
  return (
    <Modal opened onClose={onClose} title={like ? t('new.duplicate', { name: like.name }) : t('new.title')} closeButtonProps={{ 'aria-label': t('common:action.close') }}>
      <form className={classes.dialog} onSubmit={(event) => {
        event.preventDefault();
        if (name.trim() !== '' && !make.isPending) make.mutate();
      }}>
        <TextInput data-autofocus label={t('new.name')} placeholder={t('new.placeholder')} maxLength={NAME_CHARS_MAX} value={name} error={taken && t('new.taken')} onChange={(event) => setName(event.currentTarget.value)} />
        {problem && !taken && <ProblemAlert error={problem} />}
        <div className={classes.dialogActions}>
          <Button variant="default" onClick={onClose}>{t('cancel')}</Button>
          <Button type="submit" loading={make.isPending} disabled={name.trim() === ''}>{t('new.create')}</Button>
        </div>
      </form>
    </Modal>
  );
}

interface Use { kind: string; id: string; name: string }

const usesOf = (members: Readonly<Record<string, unknown>>): Use[] => (Array.isArray(members.uses) ? (members.uses as Use[]) : []);

/** Puts a flow away; when something uses it, says what. */
export function ArchiveDialog({ flow, onClose }: { flow: Flow; onClose: () => void }) {
  const { t } = useTranslation('flows');
  const client = useQueryClient();
  const archive = useMutation({
    mutationFn: () => archiveFlow(flow.id),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: keys.flowLists });
      toast(t('archive.done', { name: flow.name }));
      onClose();
    },
  });
  const problem = archive.error && asProblem(archive.error);
  const uses = problem ? usesOf(problem.members) : [];
  return (
    <Modal opened onClose={onClose} title={t('archive.title', { name: flow.name })} closeButtonProps={{ 'aria-label': t('common:action.close') }}>
      <div className={classes.dialog}>
        {uses.length > 0 ? <p role="alert">{t('archive.used')}</p> : <p>{t('archive.text')}</p>}
        {uses.length > 0 && <ul className={classes.uses}>{uses.map((use) => <li key={use.id}><span>{t(`use.${use.kind}`, use.kind)}</span><bdi>{use.name}</bdi></li>)}</ul>}
        {problem && uses.length === 0 && <ProblemAlert error={problem} />}
        <div className={classes.dialogActions}>
          <Button variant="default" data-autofocus onClick={onClose}>{uses.length > 0 ? t('common:action.close') : t('cancel')}</Button>
          {uses.length === 0 && <Button color="red" loading={archive.isPending} onClick={() => archive.mutate()}>{t('archive.do')}</Button>}
        </div>
      </div>
    </Modal>
  );
}

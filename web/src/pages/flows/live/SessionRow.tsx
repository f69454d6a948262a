import { Button, NativeSelect } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { exitSession, resumeSession, sessionQuery, type FlowSession } from '../../../api/flowLive';
import { flowNodesQuery, flowVersionQuery } from '../../../api/flows';
import { keys } from '../../../api/keys';
import { can } from '../../../api/permissions';
import { contactQuery } from '../../../api/queries';
import { useMe } from '../../../app/session';
import { ProblemAlert } from '../../../ui/ProblemAlert';
import { Status } from '../../../ui/Status';
import { toast, toastProblem } from '../../../ui/toast';
import { When } from '../../../ui/When';
import { documentOf } from '../editor/document';
import classes from './live.module.css';

function Name({ id }: { id: string }) {
  const { t } = useTranslation('flowlive');
  const me = useMe();
  const { data } = useQuery({ ...contactQuery(id), enabled: can(me, 'readContacts') });
  return <Link to="/contacts/$contactId" params={{ contactId: id }}><bdi>{data?.name || data?.phone || t('inside.contact')}</bdi></Link>;
}

const written = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

/** What a session knows, the way it took, and its goals. */
function Told({ id }: { id: string }) {
  const { t } = useTranslation('flowlive');
  const { data, error, refetch } = useQuery(sessionQuery(id));
  if (error && !data) return <ProblemAlert error={error} onRetry={() => void refetch()} />;
  if (!data) return <div className="skeleton" style={{ height: 60 }} />;
  const known = Object.entries(data.variables);
  return (
    <div className={classes.told}>
      <h4>{t('inside.variables')}</h4>
      {known.length === 0 ? <p className={classes.hint}>{t('inside.noVariables')}</p> : <dl>{known.map(([name, value]) => <div key={name}><dt><code dir="ltr">{name}</code></dt><dd dir="auto">{written(value)}</dd></div>)}</dl>}
      <h4>{t('inside.way')}</h4>
      <ol>{data.steps.map((one, nth) => <li key={nth}><code>{one.node}</code>{one.port && <span>{` → ${one.port}`}</span>} <small><When at={one.at} /></small></li>)}</ol>
      {data.goals.length > 0 && <><h4>{t('inside.goals')}</h4><ul>{data.goals.map((goal) => <li key={goal.name}>{goal.name} <small><When at={goal.at} /></small></li>)}</ul></>}
    </div>
  );
}

/** The steps of the session's version, to go on at; '': where it stands. */
function Places({ one, value, onChange }: { one: FlowSession; value: string; onChange: (node: string) => void }) {
  const { t } = useTranslation('flowlive');
  const { data } = useQuery(flowVersionQuery(one.flow_id, one.version));
  const types = useQuery(flowNodesQuery).data?.items;
  const titles = new Map(types?.map((type) => [type.type, type.title]));
  const steps = (data ? documentOf(data.document)?.nodes : undefined)?.filter((step) => step.id !== one.node) ?? [];
  return <NativeSelect size="xs" label={t('inside.place')} value={value} onChange={(event) => onChange(event.currentTarget.value)} data={[{ value: '', label: t('inside.here', { step: one.node }) }, ...steps.map((step) => ({ value: step.id, label: `${titles.get(step.type) ?? step.type} (${step.id})` }))]} />;
}

/** One session: who, where, why it is stuck; to be opened, run again at a step, or ended. */
export function SessionRow({ one, flow, onShow }: { one: FlowSession; flow?: string; onShow?: () => void }) {
  const { t } = useTranslation('flowlive');
  const me = useMe();
  const client = useQueryClient();
  const [place, setPlace] = useState('');
  const [opened, setOpened] = useState(false);
  const done = (words: string): void => {
    toast(words);
    for (const key of [keys.flowInside(one.flow_id), keys.flowSession(one.id), keys.flowStuck]) void client.invalidateQueries({ queryKey: key });
  };
  const resume = useMutation({
    mutationFn: () => resumeSession(one.id, place),
    onSuccess: ({ status, reason }) => done(status === 'stuck' ? t('inside.still', { reason }) : t('inside.resumed')),
    onError: (error) => toastProblem(t, t('inside.failed'), error),
  });
  const exit = useMutation({ mutationFn: () => exitSession(one.id), onSuccess: () => done(t('inside.exited')), onError: (error) => toastProblem(t, t('inside.failed'), error) });
  const stuck = one.status === 'stuck';
  return (
    <li className={classes.person} data-session={one.id}>
      <div className={classes.personHead}>
        <Name id={one.contact_id} />
        {stuck && <Status tone="danger">{t('inside.stuck')}</Status>}
        <small><When at={one.updated_at} /></small>
      </div>
      <p>
        {flow !== undefined && <><Link to="/flows/$flowId" params={{ flowId: one.flow_id }}><bdi>{flow}</bdi></Link> · </>}
        {onShow ? <button type="button" className={classes.link} title={t('figures.show')} onClick={onShow}>{one.node}</button> : <code>{one.node}</code>} <small>{t('figures.version', { version: one.version })}</small>
      </p>
      {one.reason && <p className={classes.reason}>{one.reason}</p>}
      {can(me, 'steerCampaigns') && (
        <div className={classes.doings}>
          {stuck && <Places one={one} value={place} onChange={setPlace} />}
          {stuck && <Button size="xs" variant="default" loading={resume.isPending} onClick={() => resume.mutate()}>{t('inside.resume')}</Button>}
          <Button size="xs" variant="default" loading={exit.isPending} onClick={() => exit.mutate()}>{t('inside.exit')}</Button>
        </div>
      )}
      <button type="button" className={classes.link} aria-expanded={opened} onClick={() => setOpened(!opened)}>{t(opened ? 'inside.less' : 'inside.more')}</button>
      {opened && <Told id={one.id} />}
    </li>
  );
}

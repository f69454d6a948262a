import { Button, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { IconArrowDown, IconArrowUp, IconFlagCheck, IconPlus, IconTrash } from '@tabler/icons-react';
import { useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { keys } from '../../api/keys';
import { can } from '../../api/permissions';
import { putWrapUps, wrapUpsQuery, type WrapUps } from '../../api/wrapUps';
import { Denied } from '../../app/Fallbacks';
import { useMe } from '../../app/session';
import { CheckBox } from '../../ui/CheckBox';
import { EmptyState } from '../../ui/EmptyState';
import { LeaveGuard } from '../../ui/LeaveGuard';
import { ProblemAlert } from '../../ui/ProblemAlert';
import { toast } from '../../ui/toast';
import { isBeside, problemOf, told } from '../channels/AccountForm';
import classes from '../channels/channels.module.css';
import { SettingsNav } from './SettingsNav';
import own from './settings.module.css';

interface Line { id: number; name: string }

function Editor({ held }: { held: WrapUps }) {
  const { t } = useTranslation('settings');
  const client = useQueryClient();
  const [lines, setLines] = useState<Line[]>(() => held.codes.map((name, id) => ({ id, name })));
  const [next, setNext] = useState(held.codes.length);
  const [required, setRequired] = useState(held.required);
  const names = lines.map((line) => line.name.trim());
  const dirty = required !== held.required || names.join('\n') !== held.codes.join('\n');
  const save = useMutation({
    mutationFn: () => putWrapUps(held, names, required),
    onSuccess: (saved) => {
      client.setQueryData(keys.wrapUps, saved);
      toast(t('wrapUps.saved'));
    },
  });
  const problem = problemOf(save.error);
  const add = (): void => {
    setLines([...lines, { id: next, name: '' }]);
    setNext(next + 1);
  };
  const swap = (at: number, by: 1 | -1): void => {
    const moved = [...lines];
    const [line] = moved.splice(at, 1);
    if (line) moved.splice(at + by, 0, line);
    setLines(moved);
  };
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    save.mutate();
  };
  const button = <Button variant="default" leftSection={<IconPlus size={16} aria-hidden />} onClick={add}>{t('wrapUps.add')}</Button>;
  return (
    <form className={`surface ${classes.card}`} onSubmit={submit} autoComplete="off">
      <LeaveGuard dirty={dirty} saving={save.isPending} text={t('wrapUps.unsaved')} />
      {lines.length === 0 && <EmptyState icon={IconFlagCheck} title={t('wrapUps.none')} text={t('wrapUps.noneText')} action={button} />}
      <ol className={own.codes}>
        {lines.map((line, at) => (
          <li key={line.id}>
            <TextInput className={own.codeName} autoFocus={line.name === '' && at === lines.length - 1 && line.id >= held.codes.length} aria-label={t('wrapUps.code', { number: at + 1 })} maxLength={60} value={line.name} error={told(problem, `codes/${at}`)} onChange={(event) => setLines(lines.map((other) => (other.id === line.id ? { ...other, name: event.currentTarget.value } : other)))} />
            <button type="button" className={classes.icon} disabled={at === 0} aria-label={t('wrapUps.up', { name: line.name })} onClick={() => swap(at, -1)}><IconArrowUp size={16} aria-hidden /></button>
            <button type="button" className={classes.icon} disabled={at === lines.length - 1} aria-label={t('wrapUps.down', { name: line.name })} onClick={() => swap(at, 1)}><IconArrowDown size={16} aria-hidden /></button>
            <button type="button" className={classes.icon} aria-label={t('wrapUps.remove', { name: line.name })} onClick={() => setLines(lines.filter((other) => other.id !== line.id))}><IconTrash size={16} aria-hidden /></button>
          </li>
        ))}
      </ol>
      {lines.length > 0 && <CheckBox checked={required} onChange={setRequired}>{t('wrapUps.required')}</CheckBox>}
      {problem && !isBeside(problem, names.map((_, at) => `codes/${at}`)) && <ProblemAlert error={problem} />}
      {(lines.length > 0 || dirty) && (
        <div className={own.actions}>
          {lines.length > 0 && button}
          <Button type="submit" loading={save.isPending} disabled={!dirty}>{t('wrapUps.save')}</Button>
        </div>
      )}
    </form>
  );
}

/** What agents say became of a conversation when they close it. */
export function WrapUpsPage() {
  const { t } = useTranslation('settings');
  const me = useMe();
  const query = useQuery({ ...wrapUpsQuery, enabled: can(me, 'manageInbox') });
  if (!can(me, 'manageInbox')) return <Denied />;
  return (
    <>
      <SettingsNav />
      <div className={classes.page}>
        <div className={classes.head}><div><h1>{t('wrapUps.title')}</h1><p className={classes.lead}>{t('wrapUps.lead')}</p></div></div>
        {query.isPending && <div aria-busy className={`surface ${classes.card}`}><div className="skeleton" style={{ height: 36 }} /><div className="skeleton" style={{ height: 36 }} /></div>}
        {query.isError && !query.data && <ProblemAlert error={query.error} onRetry={() => void query.refetch()} />}
        {query.data && <Editor key={query.data.version} held={query.data} />}
      </div>
    </>
  );
}

import { Button, Modal, Popover, Textarea, TextInput } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { IconPlus, IconX } from '@tabler/icons-react';
import { useId, useRef, useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { changeReply, createReply, intentLabelsQuery, type ReplyInput, type SavedReply } from '../../api/replies';
import { ChoiceList } from '../../ui/ChoicePopover';
import { ProblemAlert } from '../../ui/ProblemAlert';
import { toast } from '../../ui/toast';
import { intentName } from '../../ui/words';
import { isBeside, problemOf, told } from '../channels/AccountForm';
import classes from '../channels/channels.module.css';
import own from './settings.module.css';

const VARIABLES = ["first_name | default('there')", 'name', 'phone', 'agent.first_name', 'agent.name', 'brand'] as const;

interface Props { row?: SavedReply | undefined; folders: string[]; onSaved: () => void; onClose: () => void }

function Intents({ value, onChange }: { value: string[]; onChange: (value: string[]) => void }) {
  const { t } = useTranslation('settings');
  const [opened, setOpened] = useState(false);
  const { data } = useQuery(intentLabelsQuery);
  const left = (data?.labels ?? []).filter((label) => !value.includes(label));
  return (
    <div className={own.field}>
      <span className={own.label}>{t('replies.intents')}</span>
      <span className={classes.hint}>{t('replies.intentsHint')}</span>
      <div className={own.chips}>
        {value.map((label) => (
          <span key={label} className={own.chip}>
            {intentName(label)}
            <button type="button" aria-label={t('replies.removeIntent', { intent: intentName(label) })} onClick={() => onChange(value.filter((other) => other !== label))}><IconX size={13} aria-hidden /></button>
          </span>
        ))}
        {left.length > 0 && (
          <Popover opened={opened} onChange={setOpened} position="bottom-start" width={264} trapFocus returnFocus>
            <Popover.Target><button type="button" className={own.addChip} aria-expanded={opened} onClick={() => setOpened(!opened)}><IconPlus size={13} aria-hidden />{t('replies.addIntent')}</button></Popover.Target>
            <Popover.Dropdown p={6} aria-label={t('replies.addIntent')}>
              <ChoiceList label={t('replies.addIntent')} choices={left.map((label) => ({ value: label, label: intentName(label) }))} chosen={undefined} none={t('replies.noIntent')} onPick={(label) => {
                setOpened(false);
                onChange([...value, label]);
              }} />
            </Popover.Dropdown>
          </Popover>
        )}
        {data && data.labels.length === 0 && value.length === 0 && <span className={classes.hint}>{t('replies.noModel')}</span>}
      </div>
    </div>
  );
}

/** A new saved reply, or one to change. */
export function ReplyDialog({ row, folders, onSaved, onClose }: Props) {
  const { t } = useTranslation('settings');
  const listId = useId();
  const body = useRef<HTMLTextAreaElement>(null);
  const [form, setForm] = useState<Required<ReplyInput>>({ name: row?.name ?? '', shortcut: row?.shortcut ?? '', folder: row?.folder ?? '', body: row?.body ?? '', intents: row?.intents ?? [] });
  const save = useMutation({
    mutationFn: () => (row ? changeReply(row, form) : createReply(form)),
    onSuccess: (saved) => {
      toast(t('replies.saved', { name: saved.name }));
      onSaved();
      onClose();
    },
  });
  const problem = problemOf(save.error);
  const set = (change: Partial<ReplyInput>): void => setForm({ ...form, ...change });
  const insert = (name: string): void => {
    const field = body.current;
    const [from, to] = [field?.selectionStart ?? form.body.length, field?.selectionEnd ?? form.body.length];
    const put = `{{ ${name} }}`;
    set({ body: form.body.slice(0, from) + put + form.body.slice(to) });
    requestAnimationFrame(() => {
      field?.focus();
      field?.setSelectionRange(from + put.length, from + put.length);
    });
  };
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    save.mutate();
  };
  const taken = problem?.code === 'shortcut-taken' ? t('replies.taken') : undefined;
  return (
    <Modal opened onClose={onClose} size="lg" title={t(row ? 'replies.editTitle' : 'replies.addTitle')} closeButtonProps={{ 'aria-label': t('common:action.close') }}>
      <form className={classes.form} onSubmit={submit} autoComplete="off">
        <div className={classes.two}>
          <TextInput data-autofocus label={t('replies.name')} value={form.name} maxLength={80} error={told(problem, 'name')} onChange={(event) => set({ name: event.currentTarget.value })} />
          <TextInput label={t('replies.shortcut')} leftSection="/" value={form.shortcut} maxLength={32} error={told(problem, 'shortcut') ?? taken} onChange={(event) => set({ shortcut: event.currentTarget.value })} />
        </div>
        <Textarea ref={body} label={t('replies.body')} autosize minRows={4} maxRows={12} dir="auto" value={form.body} maxLength={4096} error={told(problem, 'body')} onChange={(event) => set({ body: event.currentTarget.value })} />
        <div className={own.chips} role="group" aria-label={t('replies.variables')}>
          {VARIABLES.map((name) => <button key={name} type="button" className={own.addChip} title={`{{ ${name} }}`} onClick={() => insert(name)}><IconPlus size={13} aria-hidden />{t(`replies.variable.${name.split(' ')[0]?.replace('.', '_')}`)}</button>)}
        </div>
        <TextInput label={t('replies.folder')} list={listId} value={form.folder} maxLength={60} error={told(problem, 'folder')} onChange={(event) => set({ folder: event.currentTarget.value })} />
        <datalist id={listId}>{folders.map((name) => <option key={name} value={name}>{name}</option>)}</datalist>
        <Intents value={form.intents} onChange={(intents) => set({ intents })} />
        {problem && !taken && !isBeside(problem, ['name', 'shortcut', 'body', 'folder']) && <ProblemAlert error={problem} />}
        <div className={classes.actions}>
          <Button variant="default" onClick={onClose}>{t('channels:form.cancel')}</Button>
          <Button type="submit" loading={save.isPending} disabled={!form.name.trim() || !form.shortcut.trim() || !form.body.trim()}>{t('replies.save')}</Button>
        </div>
      </form>
    </Modal>
  );
}

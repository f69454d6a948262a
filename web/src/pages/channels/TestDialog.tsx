import { Button, Modal, Textarea, TextInput } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useRef, useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { messageQuery, testSend } from '../../api/channels';
import { idempotencyKey } from '../../api/client';
import type { Channel, WholeMessage } from '../../api/types';
import { MessageWay } from '../../ui/MessageWay/MessageWay';
import { ProblemAlert } from '../../ui/ProblemAlert';
import { problemOf, told } from './AccountForm';
import classes from './channels.module.css';

/** The way of the message, which the stream keeps fresh. */
function Way({ sent }: { sent: WholeMessage }) {
  const { data = sent } = useQuery({ ...messageQuery(sent.id), initialData: sent });
  return <div aria-live="polite"><MessageWay message={data} /></div>;
}

/** Really sends a message by one channel and shows its way. WhatsApp takes a template where nobody has written to us. */
export function TestDialog({ channel, onClose }: { channel: Channel; onClose: () => void }) {
  const { t } = useTranslation('channels');
  const whatsapp = channel.kind === 'whatsapp';
  const [to, setTo] = useState('');
  const [text, setText] = useState(t('test.first'));
  const [template, setTemplate] = useState(whatsapp ? 'hello_world' : '');
  const [language, setLanguage] = useState('en_US');
  const key = useRef(idempotencyKey());
  const send = useMutation({
    mutationFn: () => testSend(channel.id, to.trim(), template.trim() === '' ? { text } : { content: { type: 'template', name: template.trim(), language: language.trim() } }, key.current),
    onSettled: () => {
      key.current = idempotencyKey();
    },
  });
  const problem = problemOf(send.error);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    send.mutate();
  };
  const sent = send.data?.message;
  return (
    <Modal opened onClose={onClose} title={t('test.title', { name: channel.name })} closeButtonProps={{ 'aria-label': t('common:action.close') }}>
      <form className={classes.form} onSubmit={submit}>
        <TextInput data-autofocus label={t('test.to')} description={t('test.toHint')} placeholder="+15550001234" dir="ltr" value={to} error={told(problem, 'to')} onChange={(event) => setTo(event.currentTarget.value)} />
        {whatsapp && (
          <div className={classes.two}>
            <TextInput label={t('test.template')} description={t('test.templateHint')} dir="ltr" value={template} onChange={(event) => setTemplate(event.currentTarget.value)} />
            <TextInput label={t('test.language')} description={t('test.languageHint')} dir="ltr" value={language} onChange={(event) => setLanguage(event.currentTarget.value)} />
          </div>
        )}
        {template === '' && <Textarea label={t('test.text')} value={text} maxLength={1_000} autosize minRows={2} maxRows={6} dir="auto" error={told(problem, 'text')} onChange={(event) => setText(event.currentTarget.value)} />}
        <p className={classes.hint}>{t('test.priced')}</p>
        {problem && problem.fields.length === 0 && <ProblemAlert error={problem} />}
        {sent && <Way key={sent.id} sent={sent} />}
        <div className={classes.actions}>
          <Button variant="default" onClick={onClose}>{t('common:action.close')}</Button>
          <Button type="submit" loading={send.isPending} disabled={to.trim() === '' || (template === '' && text.trim() === '')}>{t(sent ? 'test.again' : 'test.send')}</Button>
        </div>
      </form>
    </Modal>
  );
}

import { Button, Modal, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { changeEndpoint, createEndpoint, WEBHOOK_EVENTS, type WebhookEndpoint, type WebhookEvent } from '../../api/webhooks';
import { CheckBox } from '../../ui/CheckBox';
import { ProblemAlert } from '../../ui/ProblemAlert';
import { isBeside, problemOf, told } from '../channels/AccountForm';
import classes from '../channels/channels.module.css';
import own from './settings.module.css';

interface Props { row?: WebhookEndpoint; onSaved: (saved: WebhookEndpoint) => void; onClose: () => void }

/** A new endpoint, or what there is of one to change. */
export function EndpointDialog({ row, onSaved, onClose }: Props) {
  const { t } = useTranslation('settings');
  const [url, setUrl] = useState(row?.url ?? 'https://');
  const [description, setDescription] = useState(row?.description ?? '');
  const [events, setEvents] = useState<readonly WebhookEvent[]>(row?.events ?? WEBHOOK_EVENTS.slice(0, 6));
  const save = useMutation({
    mutationFn: () => {
      const input = { url: url.trim(), description: description.trim(), events: [...events] };
      return row ? changeEndpoint(row, input) : createEndpoint(input);
    },
    onSuccess: (saved) => {
      onSaved(saved);
      onClose();
    },
  });
  const problem = problemOf(save.error);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    save.mutate();
  };
  return (
    <Modal opened onClose={onClose} size="lg" title={t(row ? 'webhooks.editTitle' : 'webhooks.addTitle')} closeButtonProps={{ 'aria-label': t('common:action.close') }}>
      <form className={classes.form} onSubmit={submit} autoComplete="off">
        <TextInput data-autofocus dir="ltr" label={t('webhooks.url')} description={t('webhooks.urlHint')} value={url} maxLength={2000} error={told(problem, 'url')} onChange={(event) => setUrl(event.currentTarget.value)} />
        <TextInput label={t('webhooks.description')} value={description} maxLength={200} error={told(problem, 'description')} onChange={(event) => setDescription(event.currentTarget.value)} />
        <fieldset className={own.choices}>
          <legend>{t('webhooks.events')}</legend>
          {WEBHOOK_EVENTS.map((event) => (
            <CheckBox key={event} checked={events.includes(event)} onChange={(on) => setEvents(WEBHOOK_EVENTS.filter((one) => (one === event ? on : events.includes(one))))}>
              <span><code>{event}</code><small>{t(`webhooks.event.${event.replace('.', '_')}`)}</small></span>
            </CheckBox>
          ))}
          {events.length === 0 && <p role="alert" className={classes.danger}>{t('webhooks.noEvents')}</p>}
        </fieldset>
        {problem && !isBeside(problem, ['url', 'description']) && <ProblemAlert error={problem} />}
        <div className={classes.actions}>
          <Button variant="default" onClick={onClose}>{t('channels:form.cancel')}</Button>
          <Button type="submit" loading={save.isPending} disabled={events.length === 0}>{t(row ? 'webhooks.save' : 'webhooks.add')}</Button>
        </div>
      </form>
    </Modal>
  );
}

import { Button } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { IconPlus, IconWebhook } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { keys } from '../../api/keys';
import { can } from '../../api/permissions';
import { changeEndpoint, deleteEndpoint, endpointsQuery, rotateSecret, testEndpoint, type WebhookEndpoint } from '../../api/webhooks';
import { Denied } from '../../app/Fallbacks';
import { useKeys } from '../../app/keyboard';
import { useMe } from '../../app/session';
import { EmptyState } from '../../ui/EmptyState';
import { ProblemAlert } from '../../ui/ProblemAlert';
import { Status } from '../../ui/Status';
import { toast, toastProblem, toastUndo } from '../../ui/toast';
import { useNow } from '../../ui/useNow';
import { When } from '../../ui/When';
import classes from '../channels/channels.module.css';
import { ConfirmDialog } from '../channels/ConfirmDialog';
import { DeliveryLog } from './DeliveryLog';
import { EndpointDialog } from './EndpointDialog';
import { SecretDialog } from './SecretDialog';
import { SettingsNav } from './SettingsNav';
import own from './settings.module.css';

type Asked = 'edit' | 'rotate' | 'delete' | null;

function State({ row }: { row: WebhookEndpoint }) {
  const { t } = useTranslation('settings');
  if (!row.enabled) return <Status tone={row.disabled_reason ? 'danger' : 'neutral'}>{t('webhooks.state.off')}</Status>;
  if (row.failing_since) return <Status tone="warning">{t('webhooks.state.failing')}</Status>;
  return <Status tone="success">{t('webhooks.state.on')}</Status>;
}

function Notices({ row }: { row: WebhookEndpoint }) {
  const { t } = useTranslation('settings');
  const now = useNow();
  return (
    <>
      {row.disabled_reason && <p className={classes.notice} data-tone="danger" role="status">{t('webhooks.switchedOff', { reason: row.disabled_reason })}</p>}
      {row.enabled && row.failing_since && <p className={classes.notice} data-tone="warning" role="status"><span>{t('webhooks.failingSince')} <When at={row.failing_since} /></span></p>}
      {row.old_secret_until && Date.parse(row.old_secret_until) > now && <p className={classes.quiet}>{t('webhooks.bothSecrets')}</p>}
    </>
  );
}

function Card({ row, onSecret }: { row: WebhookEndpoint; onSecret: (made: WebhookEndpoint) => void }) {
  const { t } = useTranslation('settings');
  const client = useQueryClient();
  const [asked, setAsked] = useState<Asked>(null);
  const [open, setOpen] = useState(false);
  const fresh = () => client.invalidateQueries({ queryKey: keys.webhooks });
  const test = useMutation({
    mutationFn: () => testEndpoint(row),
    onSuccess: async () => {
      setOpen(true);
      toast(t('webhooks.tested'));
      await Promise.all([fresh(), client.invalidateQueries({ queryKey: keys.webhookLogs(row.id) })]);
    },
    onError: (error) => toastProblem(t, t('webhooks.notTested'), error),
  });
  const flip = useMutation({
    mutationFn: () => changeEndpoint(row, { enabled: !row.enabled }),
    onSuccess: async (saved) => {
      await fresh();
      const back = (): void => void changeEndpoint(saved, { enabled: !saved.enabled }).then(fresh, (error: unknown) => toastProblem(t, t('webhooks.notSaved'), error));
      toastUndo(t(saved.enabled ? 'webhooks.nowOn' : 'webhooks.nowOff'), back);
    },
    onError: (error) => toastProblem(t, t('webhooks.notSaved'), error),
  });
  return (
    <article className={`surface ${classes.card}`} aria-label={row.url}>
      <header className={classes.cardHead}>
        <div className={classes.cardTitle}>
          <h2 dir="ltr" className={own.url}>{row.url}</h2>
          {row.description && <span>{row.description}</span>}
        </div>
        <State row={row} />
      </header>
      <Notices row={row} />
      <ul className={own.events} aria-label={t('webhooks.events')}>{row.events.map((event) => <li key={event}><code>{event}</code></li>)}</ul>
      <dl className={classes.figures}>
        {(['delivered', 'pending', 'failed'] as const).map((state) => (
          <div key={state} className={classes.figure} data-tone={state === 'failed' && row.deliveries.failed > 0 ? 'danger' : undefined}>
            <dt>{t(`webhooks.count.${state}`)}</dt>
            <dd><strong>{row.deliveries[state].toLocaleString()}</strong></dd>
          </div>
        ))}
      </dl>
      <div className={own.actions}>
        <Button size="xs" variant="default" aria-expanded={open} onClick={() => setOpen(!open)}>{t(open ? 'webhooks.hideLog' : 'webhooks.showLog')}</Button>
        <Button size="xs" variant="default" loading={test.isPending} disabled={!row.enabled} onClick={() => test.mutate()}>{t('webhooks.test')}</Button>
        <Button size="xs" variant="default" onClick={() => setAsked('edit')}>{t('webhooks.edit')}</Button>
        <Button size="xs" variant="default" loading={flip.isPending} onClick={() => flip.mutate()}>{t(row.enabled ? 'webhooks.switchOff' : 'webhooks.switchOn')}</Button>
        <Button size="xs" variant="default" onClick={() => setAsked('rotate')}>{t('webhooks.rotate')}</Button>
        <Button size="xs" variant="subtle" color="red.9" onClick={() => setAsked('delete')}>{t('webhooks.delete')}</Button>
      </div>
      {open && <DeliveryLog endpoint={row} />}
      {asked === 'edit' && <EndpointDialog row={row} onSaved={() => void fresh()} onClose={() => setAsked(null)} />}
      {asked === 'rotate' && <ConfirmDialog title={t('webhooks.rotateTitle')} text={t('webhooks.rotateText')} action={t('webhooks.rotate')} run={() => rotateSecret(row).then(onSecret)} onDone={() => void fresh()} onClose={() => setAsked(null)} />}
      {asked === 'delete' && <ConfirmDialog title={t('webhooks.deleteTitle')} text={t('webhooks.deleteText', { url: row.url })} action={t('webhooks.delete')} run={() => deleteEndpoint(row)} onDone={() => void fresh()} onClose={() => setAsked(null)} />}
    </article>
  );
}

function Endpoints() {
  const { t } = useTranslation('settings');
  const query = useQuery(endpointsQuery);
  const client = useQueryClient();
  const [adding, setAdding] = useState(false);
  const [shown, setShown] = useState<WebhookEndpoint | null>(null);
  const rows = query.data?.items ?? [];
  const button = <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={() => setAdding(true)}>{t('webhooks.add')}</Button>;
  useKeys(t('webhooks.title'), [{ keys: 'n', label: t('webhooks.add'), run: () => setAdding(true) }]);
  const made = (row: WebhookEndpoint): void => {
    void client.invalidateQueries({ queryKey: keys.webhooks });
    setShown(row);
  };
  return (
    <div className={classes.page}>
      <div className={classes.head}>
        <div><h1>{t('webhooks.title')}</h1><p className={classes.lead}>{t('webhooks.lead')}</p></div>
        {rows.length > 0 && button}
      </div>
      {query.isPending && <div aria-busy className={classes.cards}>{[0, 1].map((at) => <div key={at} className={`surface ${classes.card}`}><div className="skeleton" style={{ width: 320, height: 18 }} /><div className="skeleton" style={{ height: 56 }} /></div>)}</div>}
      {query.isError && !query.data && <ProblemAlert error={query.error} onRetry={() => void query.refetch()} />}
      {query.data && rows.length === 0 && <div className="surface"><EmptyState icon={IconWebhook} title={t('webhooks.none')} text={t('webhooks.noneText')} action={button} /></div>}
      {rows.length > 0 && <div className={classes.cards}>{rows.map((row) => <Card key={row.id} row={row} onSecret={made} />)}</div>}
      {adding && <EndpointDialog onSaved={made} onClose={() => setAdding(false)} />}
      {shown?.secret && <SecretDialog secret={shown.secret} onClose={() => setShown(null)} />}
    </div>
  );
}

/** Where events are told outside, how that goes, and what to do when it doesn't. */
export function WebhooksPage() {
  const me = useMe();
  if (!can(me, 'manageWebhooks')) return <Denied />;
  return <><SettingsNav /><Endpoints /></>;
}

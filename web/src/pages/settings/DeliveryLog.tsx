import { Button, Modal, SegmentedControl } from '@mantine/core';
import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { IconRefresh } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { keys } from '../../api/keys';
import { deliveriesQuery, deliveryQuery, replayDelivery, replayFailed, type DeliveryState, type WebhookDelivery, type WebhookEndpoint } from '../../api/webhooks';
import { ProblemAlert } from '../../ui/ProblemAlert';
import { Status, type Tone } from '../../ui/Status';
import { toast, toastProblem } from '../../ui/toast';
import { When } from '../../ui/When';
import classes from '../channels/channels.module.css';
import own from './settings.module.css';

const TONES: Record<DeliveryState, Tone> = { pending: 'progress', delivered: 'success', failed: 'danger' };
const STATES = ['', 'delivered', 'pending', 'failed'] as const;
const LOG_DAYS_MS = 30 * 86_400_000;

function Detail({ endpoint, delivery, onClose }: { endpoint: WebhookEndpoint; delivery: WebhookDelivery; onClose: () => void }) {
  const { t } = useTranslation('settings');
  const query = useQuery(deliveryQuery(endpoint.id, delivery.id));
  return (
    <Modal opened onClose={onClose} size="lg" title={delivery.event} closeButtonProps={{ 'aria-label': t('common:action.close') }}>
      <div className={classes.form}>
        {query.isPending && <div className="skeleton" style={{ height: 160 }} />}
        {query.isError && <ProblemAlert error={query.error} onRetry={() => void query.refetch()} />}
        {query.data && (
          <>
            <h3 className={own.part}>{t('log.sent')}</h3>
            <pre className={own.code} dir="ltr" tabIndex={0}>{JSON.stringify(query.data.body, null, 2)}</pre>
            <h3 className={own.part}>{t('log.answered')}</h3>
            <p className={classes.hint}>{[query.data.status_code && `HTTP ${query.data.status_code}`, query.data.error, query.data.took_ms !== null && t('log.took', { ms: query.data.took_ms })].filter(Boolean).join(' · ') || t('log.notYet')}</p>
            {query.data.answer && <pre className={own.code} dir="ltr" tabIndex={0}>{query.data.answer}</pre>}
          </>
        )}
      </div>
    </Modal>
  );
}

function Row({ row, endpoint, onOpen }: { row: WebhookDelivery; endpoint: WebhookEndpoint; onOpen: () => void }) {
  const { t } = useTranslation('settings');
  const client = useQueryClient();
  const again = useMutation({
    mutationFn: () => replayDelivery(endpoint.id, row.id),
    onSuccess: () => client.invalidateQueries({ queryKey: keys.webhookLogs(endpoint.id) }),
    onError: (error) => toastProblem(t, t('log.notReplayed'), error),
  });
  return (
    <tr>
      <td><button type="button" className={own.open} aria-label={t('log.open', { event: row.event })} onClick={onOpen}><code>{row.event}</code></button></td>
      <td><When at={row.created_at} /></td>
      <td><Status tone={TONES[row.state]}>{t(`log.state.${row.state}`)}</Status></td>
      <td>{row.error ?? (row.status_code ? `HTTP ${row.status_code}` : '')}{row.due_at && row.attempts > 0 && <> · {t('log.next')} <When at={row.due_at} /></>}</td>
      <td className={classes.number}>{row.attempts}</td>
      <td>{row.state !== 'pending' && endpoint.enabled && <Button size="compact-xs" variant="default" loading={again.isPending} onClick={() => again.mutate()}>{t('log.replay')}</Button>}</td>
    </tr>
  );
}

/** What was told an endpoint, and what it said; again what went wrong. */
export function DeliveryLog({ endpoint }: { endpoint: WebhookEndpoint }) {
  const { t } = useTranslation('settings');
  const client = useQueryClient();
  const [state, setState] = useState<DeliveryState | ''>('');
  const [shown, setShown] = useState<WebhookDelivery | null>(null);
  const query = useInfiniteQuery(deliveriesQuery(endpoint.id, state));
  const rows = query.data?.pages.flatMap((page) => page.items) ?? [];
  const all = useMutation({
    mutationFn: () => replayFailed(endpoint, new Date(Date.now() - LOG_DAYS_MS).toISOString()),
    onSuccess: async ({ deliveries }) => {
      toast(t('log.replayed', { count: deliveries }));
      await client.invalidateQueries({ queryKey: keys.webhookLogs(endpoint.id) });
    },
    onError: (error) => toastProblem(t, t('log.notReplayed'), error),
  });
  return (
    <section className={classes.section} aria-label={t('log.title')}>
      <div className={own.logHead}>
        <SegmentedControl size="xs" aria-label={t('log.filter')} value={state} onChange={(value) => setState(value as DeliveryState | '')} data={STATES.map((value) => ({ value, label: t(`log.state.${value || 'all'}`) }))} />
        {endpoint.deliveries.failed > 0 && endpoint.enabled && <Button size="xs" variant="default" leftSection={<IconRefresh size={14} aria-hidden />} loading={all.isPending} onClick={() => all.mutate()}>{t('log.replayAll')}</Button>}
      </div>
      {query.isPending && <div aria-busy className="skeleton" style={{ height: 80 }} />}
      {query.isError && !query.data && <ProblemAlert error={query.error} onRetry={() => void query.refetch()} />}
      {query.data && rows.length === 0 && <p className={classes.quiet}>{t(state ? 'log.noneOfThese' : 'log.none')}</p>}
      {rows.length > 0 && (
        <div className={classes.tableBox}>
          <table className={classes.table}>
            <thead><tr>{['event', 'at', 'stateTitle', 'answer', 'attempts', 'actions'].map((key) => <th key={key} scope="col">{key === 'actions' ? <span className="visually-hidden">{t('log.actions')}</span> : t(`log.${key}`)}</th>)}</tr></thead>
            <tbody>{rows.map((row) => <Row key={row.id} row={row} endpoint={endpoint} onOpen={() => setShown(row)} />)}</tbody>
          </table>
        </div>
      )}
      {query.hasNextPage && <Button size="xs" variant="subtle" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>{t('log.more')}</Button>}
      {shown && <Detail endpoint={endpoint} delivery={shown} onClose={() => setShown(null)} />}
    </section>
  );
}

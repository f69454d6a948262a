import { Button, Modal } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { stuckQuery } from '../../../api/flowLive';
import { ProblemAlert } from '../../../ui/ProblemAlert';
import classes from './live.module.css';
import { SessionRow } from './SessionRow';

/** Everybody who is stuck, in whichever flow: with the reason, to be repaired and run again, or to be ended. */
export function StuckDialog({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation('flowlive');
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery(stuckQuery);
  const rows = data?.pages.flatMap((page) => page.items) ?? [];
  const names = new Map(data?.pages.flatMap((page) => page.flows).map((flow) => [flow.flow_id, flow.name]));
  return (
    <Modal opened onClose={onClose} size="lg" title={t('inside.everywhere')} closeButtonProps={{ 'aria-label': t('common:action.close') }}>
      {error && !data && <ProblemAlert error={error} onRetry={() => void refetch()} />}
      {data && rows.length === 0 && <p className={classes.hint}>{t('inside.noneStuck')}</p>}
      <ul className={classes.people}>{rows.map((one) => <SessionRow key={one.id} one={one} flow={names.get(one.flow_id) ?? one.flow_id} />)}</ul>
      {hasNextPage && <Button variant="default" loading={isFetchingNextPage} onClick={() => void fetchNextPage()}>{t('inside.older')}</Button>}
    </Modal>
  );
}

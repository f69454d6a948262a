import { Button, Modal } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { IconArrowRight } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { backTest } from '../../api/routing';
import type { BackTested, RoutingBody } from '../../api/types';
import { formatCount } from '../../ui/numbers';
import { ProblemAlert } from '../../ui/ProblemAlert';
import { When } from '../../ui/When';
import classes from './routing.module.css';
import { outcomeWords } from './actionWords';

function Counts({ found }: { found: BackTested }) {
  const { t } = useTranslation('routing');
  return (
    <table className={classes.table}>
      <thead><tr><th scope="col">{t('backTest.rule')}</th><th scope="col">{t('backTest.now')}</th><th scope="col">{t('backTest.draft')}</th></tr></thead>
      <tbody>
        {found.rules.map((rule) => (
          <tr key={rule.id ?? ''} data-changed={rule.now !== rule.draft || undefined}>
            <th scope="row">{rule.id ? rule.name : t('fallback.title')}</th>
            <td>{formatCount(rule.now)}</td>
            <td>{formatCount(rule.draft)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Moved({ found }: { found: BackTested }) {
  const { t } = useTranslation('routing');
  if (found.items.length === 0) return null;
  return (
    <>
      <h3 className={classes.asideTitle}>{found.moved > found.items.length ? t('backTest.some', { count: found.items.length }) : t('backTest.these')}</h3>
      <ul className={classes.moved}>
        {found.items.map((row) => (
          <li key={row.message_id}>
            <span className={classes.movedText}><bdi>{row.text || t('backTest.noText')}</bdi><small><bdi>{row.contact_name}</bdi> <When at={row.at} /></small></span>
            <span className={classes.movedWay} title={`${row.was} → ${row.now}`}>{outcomeWords(row.before, t)}<IconArrowRight size={14} aria-label={t('backTest.to')} />{outcomeWords(row.after, t)}</span>
          </li>
        ))}
      </ul>
    </>
  );
}

/** What the changed rules would have done with the messages of the last days. */
export function BackTestDialog({ body, saving, onClose, onSave }: { body: RoutingBody; saving: boolean; onClose: () => void; onSave: () => void }) {
  const { t } = useTranslation('routing');
  const { data, error, refetch } = useQuery({ queryKey: ['routing', 'backTest', body], queryFn: () => backTest(body), staleTime: 0, gcTime: 0, retry: false });
  return (
    <Modal opened onClose={onClose} size="xl" title={t('backTest.title')} closeButtonProps={{ 'aria-label': t('common:action.close') }}>
      <div className={classes.dialog}>
        {error && <ProblemAlert error={error} onRetry={() => void refetch()} />}
        {!error && !data && <><div className="skeleton" style={{ height: 28, width: 320 }} /><div className="skeleton" style={{ height: 180 }} /></>}
        {data && (
          <>
            <p className={classes.sum}>{data.messages === 0 ? t('backTest.nothing') : t('backTest.sum', { moved: formatCount(data.moved), count: data.messages, messages: formatCount(data.messages) })}</p>
            {!data.complete && <p className={classes.note}>{t('backTest.newest', { count: data.messages })}</p>}
            {data.messages > 0 && <Counts found={data} />}
            <Moved found={data} />
          </>
        )}
        <div className={classes.dialogActions}>
          <Button variant="default" onClick={onClose}>{t('backTest.back')}</Button>
          <Button disabled={!data} loading={saving} onClick={onSave}>{t('save')}</Button>
        </div>
      </div>
    </Modal>
  );
}

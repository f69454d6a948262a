import { Button } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { archivedQueuesQuery, queueQuery, restoreQueue } from '../../api/desk';
import { keys } from '../../api/keys';
import { toast, toastProblem } from '../../ui/toast';
import classes from './queues.module.css';

/** Brings a queue back and says so. */
export function useRestore(): (id: string) => Promise<void> {
  const { t } = useTranslation('queues');
  const client = useQueryClient();
  return async (id) => {
    try {
      // As it is now: archiving made a new version of it.
      const { name } = await restoreQueue(await client.fetchQuery({ ...queueQuery(id), staleTime: 0 }));
      toast(t('archive.restored', { name }));
    } catch (error) {
      toastProblem(t, t('archive.notRestored'), error);
    }
    await client.invalidateQueries({ queryKey: keys.queues });
  };
}

/** What was put aside; nothing is shown where nothing was. */
export function Archived() {
  const { t } = useTranslation('queues');
  const { data } = useQuery(archivedQueuesQuery);
  const restore = useRestore();
  if (!data || data.items.length === 0) return null;
  return (
    <section className={classes.block} aria-label={t('archive.list')}>
      <div className={classes.sectionHead}><h2>{t('archive.list')}</h2></div>
      <div className={`surface ${classes.tableBox}`}>
        <table className={classes.table}>
          <tbody>
            {data.items.map((queue) => (
              <tr key={queue.id}>
                <th scope="row"><bdi>{queue.name}</bdi></th>
                <td className={classes.number}><Button variant="default" size="xs" aria-label={`${t('archive.restore')}: ${queue.name}`} onClick={() => void restore(queue.id)}>{t('archive.restore')}</Button></td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

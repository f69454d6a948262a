import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { can } from '../../api/permissions';
import { countsQuery } from '../../api/queries';
import type { Home } from '../../api/types';
import { useMe } from '../../app/session';
import { intentName } from '../../ui/words';
import classes from './home.module.css';
import { count } from './Tiles';

const INTENTS_MAX = 8;
const QUEUES_MAX = 12;

/** Queues here and below; those of the tenant acted in open in the inbox. */
export function Queues({ rows }: { rows: Home['queues'] }) {
  const { t } = useTranslation('home');
  const me = useMe();
  const { data: counts } = useQuery({ ...countsQuery, enabled: can(me, 'readInbox') });
  const own = new Set(counts?.queues.map((queue) => queue.id));
  const shown = rows.length > QUEUES_MAX ? rows.toSorted((a, b) => b.open - a.open).slice(0, QUEUES_MAX) : rows;
  return (
    <section className={`surface ${classes.panel}`} aria-labelledby="home-queues">
      <h2 id="home-queues" className={classes.panelTitle}>{t('queues.title')}</h2>
      <table className={classes.table}>
        <thead>
          <tr>
            <th scope="col">{t('queues.name')}</th>
            <th scope="col" className={classes.number}>{t('queues.open')}</th>
            <th scope="col" className={classes.number}>{t('queues.unassigned')}</th>
          </tr>
        </thead>
        <tbody>
          {shown.map((row) => (
            <tr key={row.id}>
              <td>{own.has(row.id) ? <Link to="/inbox/$view" params={{ view: row.id }} className={classes.rowLink}>{row.name}</Link> : row.name}</td>
              <td className={classes.number}>{count(row.open)}</td>
              <td className={classes.number}>{count(row.unassigned)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length > shown.length && <p className={classes.more}>{t('queues.more', { count: rows.length - shown.length })}</p>}
    </section>
  );
}

/** What people write about today; the longest bar is the commonest intent. */
export function Intents({ rows }: { rows: Home['intents_today'] }) {
  const { t } = useTranslation('home');
  const shown = rows.toSorted((a, b) => b.count - a.count).slice(0, INTENTS_MAX);
  const most = shown[0]?.count ?? 1;
  return (
    <section className={`surface ${classes.panel}`} aria-labelledby="home-intents">
      <h2 id="home-intents" className={classes.panelTitle}>{t('intents.title')}</h2>
      {shown.length === 0 && <p className={classes.quiet}>{t('intents.none')}</p>}
      <ul className={classes.intents}>
        {shown.map((row) => (
          <li key={row.intent}>
            <span className={classes.intentName}>{intentName(row.intent)}</span>
            <span className={classes.intentBar}><span style={{ width: `${(row.count / most) * 100}%` }} /></span>
            <span className={classes.number}>{count(row.count)}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}

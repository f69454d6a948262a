import { Popover } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { IconAt } from '@tabler/icons-react';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { keys } from '../api/keys';
import { mentionsQuery, readMention, readMentions, type Mention } from '../api/mentions';
import { Avatar } from '../ui/Avatar';
import { ProblemAlert } from '../ui/ProblemAlert';
import { toastProblem } from '../ui/toast';
import { When } from '../ui/When';
import classes from './mentions.module.css';
import shell from './shell.module.css';

const MANY = 9;

/** Notes that name this person: how many are unread, and a way to each. */
export default function Mentions() {
  const { t } = useTranslation();
  const client = useQueryClient();
  const navigate = useNavigate();
  const [opened, setOpened] = useState(false);
  const query = useQuery(mentionsQuery);
  const unread = query.data?.unread ?? 0;
  const rows = query.data?.items ?? [];
  const settle = (doing: Promise<unknown>): void => {
    void doing.catch((error: unknown) => toastProblem(t, t('mentions.notRead'), error)).then(() => client.invalidateQueries({ queryKey: keys.mentions }));
  };
  const open = (row: Mention): void => {
    setOpened(false);
    if (!row.read_at) settle(readMention(row.id));
    void navigate({ to: '/inbox/$view/$conversation', params: { view: 'all', conversation: row.conversation_id } });
  };
  return (
    <Popover opened={opened} onChange={setOpened} position="bottom-end" width={360} trapFocus returnFocus>
      <Popover.Target>
        <button type="button" className={`${shell.quiet} ${classes.button}`} aria-expanded={opened} aria-label={t('mentions.open', { count: unread })} onClick={() => setOpened(!opened)}>
          <IconAt size={18} stroke={1.75} aria-hidden />
          {unread > 0 && <span className={classes.count} aria-hidden>{unread > MANY ? `${MANY}+` : unread}</span>}
        </button>
      </Popover.Target>
      <Popover.Dropdown p={0} aria-label={t('mentions.title')}>
        <div className={classes.head}>
          <strong>{t('mentions.title')}</strong>
          {unread > 0 && <button type="button" className={classes.all} onClick={() => settle(readMentions())}>{t('mentions.readAll')}</button>}
        </div>
        {query.isError && !query.data && <ProblemAlert error={query.error} onRetry={() => void query.refetch()} />}
        {query.data && rows.length === 0 && <p className={classes.none}>{t('mentions.none')}</p>}
        <ul className={classes.list}>
          {rows.map((row) => (
            <li key={row.id}>
              <button type="button" className={classes.row} data-unread={row.read_at === null || undefined} onClick={() => open(row)}>
                <Avatar name={row.by.name} id={row.by.id ?? ''} size={28} />
                <span className={classes.text}>
                  <span className={classes.who}><bdi>{row.by.name || t('mentions.somebody')}</bdi> · <bdi>{row.contact_name || t('mentions.contact')}</bdi> <When at={row.at} /></span>
                  <span dir="auto" className={classes.body}>{row.body}</span>
                </span>
              </button>
            </li>
          ))}
        </ul>
      </Popover.Dropdown>
    </Popover>
  );
}

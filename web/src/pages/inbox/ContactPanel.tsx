import { CloseButton } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { IconBan } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { ReactNode } from 'react';
import { can } from '../../api/permissions';
import { contactQuery } from '../../api/queries';
import type { Conversation } from '../../api/types';
import { useMe } from '../../app/session';
import { Avatar } from '../../ui/Avatar';
import { ProblemAlert } from '../../ui/ProblemAlert';
import { Status } from '../../ui/Status';
import { When } from '../../ui/When';
import { intentName } from '../../ui/words';
import classes from './inbox.module.css';
import { TagLinks } from './Tags';

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </>
  );
}

const shown = (value: unknown): string => (typeof value === 'object' ? JSON.stringify(value) : String(value));

function Profile({ row }: { row: Conversation }) {
  const { t } = useTranslation('inbox');
  const { data: contact, error, refetch } = useQuery(contactQuery(row.contact.id));
  const language = contact?.language ? (new Intl.DisplayNames(document.documentElement.lang || 'en', { type: 'language' }).of(contact.language) ?? contact.language) : null;
  const attributes = Object.entries(contact?.attributes ?? {});
  if (error && !contact) return <ProblemAlert error={error} onRetry={() => void refetch()} />;
  return (
    <>
      <section>
        <h3>{t('panel.contact')}</h3>
        <dl className={classes.facts}>
          <Fact name={t('panel.number')}><span dir="ltr">{row.contact.address}</span></Fact>
          {language && <Fact name={t('panel.language')}>{language}</Fact>}
          {contact?.created_at && <Fact name={t('panel.since')}><When at={contact.created_at} /></Fact>}
        </dl>
        {contact && contact.tags.length > 0 && (
          <ul className={classes.tags} aria-label={t('panel.tags')}>{contact.tags.map((tag) => <li key={tag}>{tag}</li>)}</ul>
        )}
      </section>
      {attributes.length > 0 && (
        <section>
          <h3>{t('panel.attributes')}</h3>
          <dl className={classes.facts}>{attributes.map(([name, value]) => <Fact key={name} name={intentName(name)}>{shown(value)}</Fact>)}</dl>
        </section>
      )}
    </>
  );
}

/** Who this is, and how the conversation came here. */
export function ContactPanel({ row, onClose }: { row: Conversation; onClose: () => void }) {
  const { t } = useTranslation('inbox');
  const me = useMe();
  const name = row.contact.name || row.contact.address || '';
  return (
    <aside className={classes.panel} aria-label={t('panel.label')}>
      <div className={classes.panelHead}>
        <Avatar name={name} id={row.contact.id} size={44} />
        {can(me, 'readContacts') ? <Link to="/contacts/$contactId" params={{ contactId: row.contact.id }} className={classes.panelName} title={t('panel.open')}><bdi>{name}</bdi></Link> : <strong><bdi>{name}</bdi></strong>}
        <CloseButton className={classes.panelClose} aria-label={t('panel.close')} onClick={onClose} />
      </div>
      {row.opted_out.length > 0 && (
        <div className={classes.optedOut}>
          {row.opted_out.map((kind) => (
            <Status key={kind} tone="human" icon={<IconBan size={13} aria-hidden />}>{t('panel.optedOut', { channel: t(`common:channel.${kind}`, kind) })}</Status>
          ))}
        </div>
      )}
      {can(me, 'readContacts') && <Profile row={row} />}
      <section>
        <h3>{t('panel.conversation')}</h3>
        <dl className={classes.facts}>
          <Fact name={t('panel.queue')}>{row.queue?.name ?? t('panel.none')}</Fact>
          <Fact name={t('panel.assignee')}>{row.assignee?.name ?? t('panel.nobody')}</Fact>
          {row.channel && <Fact name={t('panel.channel')}>{row.channel.name}</Fact>}
          {row.intent && <Fact name={t('panel.intent')}>{intentName(row.intent)}{row.confidence !== null && ` · ${Math.round((row.confidence ?? 0) * 100)}\u00a0%`}</Fact>}
          {row.opened_at && <Fact name={t('panel.opened')}><When at={row.opened_at} /></Fact>}
          {row.closed_at && <Fact name={t('panel.closed')}><When at={row.closed_at} /></Fact>}
          {row.last_at && <Fact name={t('panel.last')}><When at={row.last_at} /></Fact>}
        </dl>
        {row.tags.length > 0 && <div className={classes.panelTags}><TagLinks tags={row.tags} /></div>}
        {row.reason && <p className={classes.reason}><strong>{t('panel.why')}</strong> {row.reason}</p>}
      </section>
    </aside>
  );
}

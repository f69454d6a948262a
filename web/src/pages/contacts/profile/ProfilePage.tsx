import { Button, Menu } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { IconArrowLeft, IconArrowsJoin, IconCopy, IconDotsVertical, IconDownload, IconEraser, IconUserOff } from '@tabler/icons-react';
import { Link, useCanGoBack, useNavigate, useParams, useRouter, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { detailQuery, duplicatesQuery, exportUrl } from '../../../api/contacts';
import type { ContactDetail } from '../../../api/contactTypes';
import { can } from '../../../api/permissions';
import { asProblem } from '../../../api/problem';
import { Denied } from '../../../app/Fallbacks';
import { useKeys } from '../../../app/keyboard';
import { useMe } from '../../../app/session';
import { Avatar } from '../../../ui/Avatar';
import { EmptyState } from '../../../ui/EmptyState';
import { ProblemAlert } from '../../../ui/ProblemAlert';
import { absoluteTime } from '../../../ui/time';
import { MergeDialog } from '../MergeDialog';
import { titleOf } from '../words';
import { Addresses } from './Addresses';
import { ConflictDialog } from './ConflictDialog';
import { Consents } from './Consents';
import { EraseDialog } from './EraseDialog';
import { Field } from './Field';
import { Attributes, Details } from './Identity';
import classes from './profile.module.css';
import { Tags } from './Tags';
import { Timeline } from './Timeline';
import { useEdit } from './useEdit';

type Dialog = { kind: 'merge'; other?: string } | { kind: 'erase' } | null;

function BackLink() {
  const { t } = useTranslation('contacts');
  const router = useRouter();
  const back = useCanGoBack();
  const navigate = useNavigate();
  return (
    <button type="button" className={classes.back} onClick={() => (back ? router.history.back() : void navigate({ to: '/contacts', search: {} }))}>
      <IconArrowLeft size={18} aria-hidden />
      {t('title')}
    </button>
  );
}

/** People who may be the same one. */
function Duplicates({ contact, onMerge }: { contact: ContactDetail; onMerge: (id: string) => void }) {
  const { t } = useTranslation('contacts');
  const { data } = useQuery({ ...duplicatesQuery(contact.id), retry: false });
  const hints = data?.items.slice(0, 3) ?? [];
  if (hints.length === 0) return null;
  return (
    <div className={classes.duplicates} role="note">
      <IconCopy size={16} aria-hidden />
      <div>
        <strong>{t('duplicates.title', { count: hints.length })}</strong>
        {hints.map(({ contact: other, reason }) => (
          <div key={other.id} className={classes.duplicate}>
            <Link to="/contacts/$contactId" params={{ contactId: other.id }}><bdi>{titleOf(other)}</bdi></Link>
            <span>{t(`duplicates.${reason}`, reason)}</span>
            <button type="button" className={classes.sectionButton} onClick={() => onMerge(other.id)}>{t('duplicates.compare')}</button>
          </div>
        ))}
      </div>
    </div>
  );
}

function MoreMenu({ contact, onDialog }: { contact: ContactDetail; onDialog: (dialog: Dialog) => void }) {
  const { t } = useTranslation('contacts');
  const me = useMe();
  const [mayExport, mayErase] = [can(me, 'exportContacts'), can(me, 'eraseContacts')];
  if (!mayExport && !mayErase) return null;
  return (
    <Menu position="bottom-end" width={240}>
      <Menu.Target><button type="button" className={classes.moreButton} aria-label={t('profile.more')}><IconDotsVertical size={18} aria-hidden /></button></Menu.Target>
      <Menu.Dropdown>
        {mayExport && <Menu.Item component="a" href={exportUrl(contact.id, 'json')} download leftSection={<IconDownload size={16} aria-hidden />}>{t('profile.exportJson')}</Menu.Item>}
        {mayExport && <Menu.Item component="a" href={exportUrl(contact.id, 'zip')} download leftSection={<IconDownload size={16} aria-hidden />}>{t('profile.exportZip')}</Menu.Item>}
        {mayErase && <Menu.Divider />}
        {mayErase && <Menu.Item className={classes.danger} leftSection={<IconEraser size={16} aria-hidden />} onClick={() => onDialog({ kind: 'erase' })}>{t('profile.erase')}</Menu.Item>}
      </Menu.Dropdown>
    </Menu>
  );
}

function Profile({ contact }: { contact: ContactDetail }) {
  const { t } = useTranslation('contacts');
  const me = useMe();
  const own = contact.tenant_id === me.tenant.id;
  const mayWrite = own && can(me, 'writeContacts');
  const mayNote = own && (mayWrite || can(me, 'writeInbox'));
  const { edit: startEditing = false } = useSearch({ from: '/app/contacts/$contactId' });
  const edit = useEdit(contact.id);
  const [dialog, setDialog] = useState<Dialog>(null);
  const [tagging, setTagging] = useState(false);
  const [noting, setNoting] = useState(false);
  const [renaming, setRenaming] = useState(startEditing ? 1 : 0);
  useKeys(t('keys.profile'), [
    ...(mayWrite
      ? [
          { keys: 'e', label: t('keys.rename'), run: () => setRenaming((times) => times + 1) },
          { keys: 't', label: t('keys.tag'), run: () => setTagging(true) },
          { keys: 'm', label: t('keys.merge'), run: () => setDialog({ kind: 'merge' }) },
        ]
      : []),
    ...(mayNote ? [{ keys: 'n', label: t('keys.note'), run: () => setNoting(true) }] : []),
  ]);
  const shared = { contact, edit, mayWrite };
  return (
    <div className={classes.profile}>
      <aside className={classes.left} aria-label={t('profile.label')}>
        <div className={classes.head}>
          <div className={classes.headBar}>
            <BackLink />
            <span className={classes.headActions}>
              {mayWrite && <Button size="xs" variant="default" leftSection={<IconArrowsJoin size={15} aria-hidden />} onClick={() => setDialog({ kind: 'merge' })}>{t('profile.merge')}</Button>}
              {own && <MoreMenu contact={contact} onDialog={setDialog} />}
            </span>
          </div>
          <div className={classes.who}>
            <Avatar name={contact.name} id={contact.id} size={52} />
            <div className={classes.whoName}>
              <h1 className="visually-hidden">{titleOf(contact)}</h1>
              <Field key={renaming} {...shared} field="name" label={t('column.name')} kind={{ type: 'text', charsMax: 200 }} started={renaming > 0 && mayWrite} shown={contact.name && <bdi>{contact.name}</bdi>} className={classes.nameField} />
              {contact.phone && <span className={classes.whoMeta}><bdi dir="ltr">{contact.phone}</bdi></span>}
            </div>
          </div>
          {mayWrite && <Duplicates contact={contact} onMerge={(other) => setDialog({ kind: 'merge', other })} />}
        </div>
        <Addresses contact={contact} mayWrite={mayWrite} />
        <Tags contact={contact} mayWrite={mayWrite} opened={tagging} onOpened={setTagging} />
        <Details {...shared} />
        <Attributes {...shared} />
        <Consents contact={contact} mayWrite={mayWrite} />
      </aside>
      <Timeline contact={contact} mayNote={mayNote} mayWrite={mayWrite} noting={noting} onNoting={setNoting} />
      <ConflictDialog edit={edit} />
      {dialog?.kind === 'merge' && <MergeDialog winnerId={contact.id} loserId={dialog.other} onClose={() => setDialog(null)} />}
      {dialog?.kind === 'erase' && <EraseDialog contact={contact} onClose={() => setDialog(null)} />}
    </div>
  );
}

function Loading() {
  return (
    <div className={classes.profile} aria-busy>
      <div className={classes.left}>
        <div className={classes.head}>
          <div className={classes.headBar} />
          <div className={classes.who}>
            <div className="skeleton" style={{ width: 52, height: 52, borderRadius: '50%' }} />
            <div className={classes.whoName}><div className="skeleton" style={{ width: 160, height: 18 }} /><div className="skeleton" style={{ width: 110, height: 12, marginBlockStart: 8 }} /></div>
          </div>
        </div>
        {[96, 56, 120, 160].map((height) => <div key={height} className={classes.section}><div className="skeleton" style={{ height }} /></div>)}
      </div>
      <div />
    </div>
  );
}

/** What is left of somebody who was erased or merged, or why there is nothing. */
function Gone({ error, retry }: { error: unknown; retry: () => void }) {
  const { t } = useTranslation('contacts');
  const me = useMe();
  const problem = asProblem(error);
  const { merged_into, erased_at } = problem.members;
  const toList = <Button component={Link} to="/contacts" variant="default">{t('gone.list')}</Button>;
  if (problem.code === 'contact-merged' && typeof merged_into === 'string') {
    return <EmptyState icon={IconArrowsJoin} title={t('gone.merged')} text={t('gone.mergedText')} action={<Button renderRoot={(props) => <Link to="/contacts/$contactId" params={{ contactId: merged_into }} {...props} />}>{t('gone.open')}</Button>} />;
  }
  if (problem.code === 'contact-erased') {
    const at = typeof erased_at === 'string' ? absoluteTime(erased_at, me.tenant.time_zone) : '';
    return <EmptyState icon={IconEraser} title={t('gone.erased')} text={t('gone.erasedText', { at })} action={toList} />;
  }
  if (problem.status === 404 || problem.status === 422) return <EmptyState icon={IconUserOff} title={t('gone.missing')} text={t('gone.missingText')} action={toList} />;
  return <div className={classes.pad}><ProblemAlert error={error} onRetry={retry} /></div>;
}

export function ProfilePage() {
  const me = useMe();
  const { contactId } = useParams({ from: '/app/contacts/$contactId' });
  const { data, error, refetch } = useQuery({ ...detailQuery(contactId), enabled: can(me, 'readContacts') });
  if (!can(me, 'readContacts')) return <Denied />;
  if (error && (!data || asProblem(error).status === 404)) return <div className={classes.gone}><Gone error={error} retry={() => void refetch()} /></div>;
  return data ? <Profile key={data.id} contact={data} /> : <Loading />;
}

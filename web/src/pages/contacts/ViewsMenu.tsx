import { Button, Menu, Modal, Switch, TextInput } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { IconBookmark, IconCheck, IconChevronDown, IconDeviceFloppy, IconPencil, IconTrash, IconUsers } from '@tabler/icons-react';
import { useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { createView, deleteView, patchView, viewsQuery } from '../../api/contacts';
import type { SavedView } from '../../api/contactTypes';
import { ProblemAlert } from '../../ui/ProblemAlert';
import { toast, toastProblem } from '../../ui/toast';
import classes from './contacts.module.css';
import { configOf, contactsSearch, sameConfig, type ContactsSearch } from './contactsSearch';

interface Props { search: ContactsSearch; onOpen: (search: ContactsSearch) => void; mayShare: boolean }

type Naming = { kind: 'new' } | { kind: 'rename'; view: SavedView };

function NameDialog({ naming, search, mayShare, onClose, onDone }: { naming: Naming; search: ContactsSearch; mayShare: boolean; onClose: () => void; onDone: (view: SavedView) => void }) {
  const { t } = useTranslation('contacts');
  const client = useQueryClient();
  const old = naming.kind === 'rename' ? naming.view : null;
  const [name, setName] = useState(old?.name ?? '');
  const [shared, setShared] = useState(old?.shared ?? false);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const save = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    try {
      const view = old ? await patchView(old.id, { name: name.trim() }) : await createView({ name: name.trim(), shared, config: configOf(search) });
      await client.invalidateQueries({ queryKey: viewsQuery.queryKey });
      onDone(view);
    } catch (problem) {
      setError(problem);
      setBusy(false);
    }
  };
  return (
    <Modal opened onClose={onClose} title={t(old ? 'views.rename' : 'views.saveAs')} closeButtonProps={{ 'aria-label': t('common:action.close') }}>
      <form className={classes.form} onSubmit={(event) => void save(event)}>
        <TextInput data-autofocus label={t('views.name')} value={name} maxLength={80} required onChange={(event) => setName(event.currentTarget.value)} />
        {!old && mayShare && <Switch size="md" label={t('views.share')} description={t('views.shareHint')} checked={shared} onChange={(event) => setShared(event.currentTarget.checked)} />}
        {error !== null && <ProblemAlert error={error} />}
        <div className={classes.formActions}>
          <Button variant="default" onClick={onClose}>{t('action.cancel')}</Button>
          <Button type="submit" loading={busy} disabled={name.trim() === ''}>{t('action.save')}</Button>
        </div>
      </form>
    </Modal>
  );
}

function useViewActions(onOpen: Props['onOpen'], search: ContactsSearch) {
  const { t } = useTranslation('contacts');
  const client = useQueryClient();
  const again = (): Promise<void> => client.invalidateQueries({ queryKey: viewsQuery.queryKey });
  return {
    update: async (view: SavedView): Promise<void> => {
      try {
        await patchView(view.id, { config: configOf(search) });
        await again();
        toast(t('views.saved', { name: view.name }));
      } catch (error) {
        toastProblem(t, t('views.notSaved'), error);
      }
    },
    remove: async (view: SavedView): Promise<void> => {
      try {
        await deleteView(view.id);
        onOpen({});
        await again();
        toast(t('views.deleted', { name: view.name }));
      } catch (error) {
        toastProblem(t, t('views.notDeleted'), error);
      }
    },
  };
}

/** The name of what is shown, the saved views, and what can be done with them. */
export function ViewsMenu({ search, onOpen, mayShare }: Props) {
  const { t } = useTranslation('contacts');
  const { data } = useQuery({ ...viewsQuery, retry: false });
  const [naming, setNaming] = useState<Naming | null>(null);
  const { update, remove } = useViewActions(onOpen, search);
  const views = data?.items ?? [];
  const current = views.find((view) => view.id === search.view);
  const mayChange = current !== undefined && (current.mine || mayShare);
  const changed = !sameConfig(configOf(search), current?.config ?? {});
  const open = (view: SavedView): void => onOpen({ ...contactsSearch(view.config), view: view.id });
  const section = (title: string, items: SavedView[]) => items.length > 0 && (
    <>
      <Menu.Label>{title}</Menu.Label>
      {items.map((view) => (
        <Menu.Item key={view.id} leftSection={view.shared ? <IconUsers size={16} aria-hidden /> : <IconBookmark size={16} aria-hidden />} rightSection={view.id === current?.id ? <IconCheck size={15} aria-hidden /> : undefined} onClick={() => open(view)}>
          <bdi>{view.name}</bdi>
        </Menu.Item>
      ))}
    </>
  );
  return (
    <>
      <Menu position="bottom-start" width={260}>
        <Menu.Target>
          <button type="button" className={classes.viewName}>
            <bdi>{current?.name ?? t('views.all')}</bdi>
            {current && changed && <span className={classes.edited}>{t('views.edited')}</span>}
            <IconChevronDown size={16} aria-hidden />
          </button>
        </Menu.Target>
        <Menu.Dropdown className={classes.menu}>
          <Menu.Item rightSection={current ? undefined : <IconCheck size={15} aria-hidden />} onClick={() => onOpen({})}>{t('views.all')}</Menu.Item>
          {section(t('views.mine'), views.filter((view) => !view.shared))}
          {section(t('views.shared'), views.filter((view) => view.shared))}
          <Menu.Divider />
          {current && changed && mayChange && <Menu.Item leftSection={<IconDeviceFloppy size={16} aria-hidden />} onClick={() => void update(current)}>{t('views.update', { name: current.name })}</Menu.Item>}
          <Menu.Item leftSection={<IconBookmark size={16} aria-hidden />} disabled={!changed && !current} onClick={() => setNaming({ kind: 'new' })}>{t('views.saveAs')}</Menu.Item>
          {current && mayChange && <Menu.Item leftSection={<IconPencil size={16} aria-hidden />} onClick={() => setNaming({ kind: 'rename', view: current })}>{t('views.rename')}</Menu.Item>}
          {current && mayChange && <Menu.Item leftSection={<IconTrash size={16} aria-hidden />} onClick={() => void remove(current)}>{t('views.delete')}</Menu.Item>}
        </Menu.Dropdown>
      </Menu>
      {naming && <NameDialog naming={naming} search={search} mayShare={mayShare} onClose={() => setNaming(null)} onDone={(view) => {
        setNaming(null);
        if (naming.kind === 'new') open(view);
      }} />}
    </>
  );
}

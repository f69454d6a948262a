import '@mantine/spotlight/styles.layer.css';
import { useMantineColorScheme } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { createSpotlight, Spotlight, type SpotlightActionGroupData } from '@mantine/spotlight';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { IconArrowsSplit2, IconBan, IconBuilding, IconChartBar, IconDeviceTv, IconFileImport, IconHierarchy2, IconHome, IconInbox, IconListDetails, IconLogout, IconMessageBolt, IconMoon, IconSearch, IconSun, IconUsers, IconUsersGroup, IconWebhook } from '@tabler/icons-react';
import { useNavigate } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { peopleQuery } from '../api/contacts';
import { can } from '../api/permissions';
import { listQuery } from '../api/queries';
import { Avatar } from '../ui/Avatar';
import { keyGroups } from './keyboard';
import { useMe } from './session';
import { paletteOpen } from './shellState';
import { useStore } from './store';
import { useSwitchTenant } from './TenantSwitcher';
import { useSignOut } from './useSignOut';

const [store, palette] = createSpotlight();
const SEARCH_MS = 250;
const RESULTS_MAX = 6;

function useConversations(query: string): SpotlightActionGroupData[] {
  const { t } = useTranslation();
  const me = useMe();
  const navigate = useNavigate();
  const [search] = useDebouncedValue(query.trim(), SEARCH_MS);
  const { data } = useInfiniteQuery({ ...listQuery({ view: 'all', search }), enabled: search.length > 1 && can(me, 'readInbox') });
  if (search.length < 2) return [];
  const rows = data?.pages[0]?.items.slice(0, RESULTS_MAX) ?? [];
  const actions = rows.map((row) => ({
    id: row.id,
    label: row.contact.name || row.contact.address || row.id,
    description: row.last_text ?? undefined,
    keywords: query,
    leftSection: <Avatar name={row.contact.name ?? ''} id={row.contact.id} size={28} />,
    onClick: () => void navigate({ to: '/inbox/$view/$conversation', params: { view: 'all', conversation: row.id } }),
  }));
  return actions.length > 0 ? [{ group: t('palette.conversations'), actions }] : [];
}

function usePeople(query: string): SpotlightActionGroupData[] {
  const { t } = useTranslation();
  const me = useMe();
  const navigate = useNavigate();
  const [search] = useDebouncedValue(query.trim(), SEARCH_MS);
  const { data } = useQuery({ ...peopleQuery(search), enabled: search.length > 1 && can(me, 'readContacts') });
  if (search.length < 2) return [];
  const actions = (data?.items ?? []).slice(0, RESULTS_MAX).map((row) => ({
    id: row.id,
    label: row.name || row.phone || row.id,
    description: row.name ? (row.phone ?? undefined) : undefined,
    keywords: query,
    leftSection: <Avatar name={row.name} id={row.id} size={28} />,
    onClick: () => void navigate({ to: '/contacts/$contactId', params: { contactId: row.id } }),
  }));
  return actions.length > 0 ? [{ group: t('nav.contacts'), actions }] : [];
}

function useActions(): SpotlightActionGroupData[] {
  const { t } = useTranslation();
  const me = useMe();
  const navigate = useNavigate();
  const act = useSwitchTenant();
  const signOutNow = useSignOut();
  const groups = useStore(keyGroups);
  const { setColorScheme } = useMantineColorScheme();
  const pages = [{ id: 'home', label: t('nav.home'), leftSection: <IconHome size={18} />, onClick: () => void navigate({ to: '/' }) }];
  if (can(me, 'readInbox')) {
    pages.push({ id: 'inbox', label: t('nav.inbox'), leftSection: <IconInbox size={18} />, onClick: () => void navigate({ to: '/inbox/$view', params: { view: 'open' } }) });
  }
  if (can(me, 'readContacts')) {
    pages.push(
      { id: 'contacts', label: t('nav.contacts'), leftSection: <IconUsers size={18} />, onClick: () => void navigate({ to: '/contacts', search: {} }) },
      { id: 'attributes', label: t('nav.attributes'), leftSection: <IconListDetails size={18} />, onClick: () => void navigate({ to: '/attributes' }) },
      { id: 'suppressions', label: t('nav.suppressions'), leftSection: <IconBan size={18} />, onClick: () => void navigate({ to: '/suppressions', search: {} }) },
    );
  }
  if (can(me, 'readContacts')) pages.push({ id: 'segments', label: t('nav.segments'), leftSection: <IconUsersGroup size={18} />, onClick: () => void navigate({ to: '/segments', search: {} }) });
  if (can(me, 'writeContacts')) pages.push({ id: 'newSegment', label: t('palette.newSegment'), leftSection: <IconUsersGroup size={18} />, onClick: () => void navigate({ to: '/segments/$segmentId', params: { segmentId: 'new' } }) });
  if (can(me, 'readCampaigns')) pages.push({ id: 'flows', label: t('nav.flows'), leftSection: <IconHierarchy2 size={18} />, onClick: () => void navigate({ to: '/flows', search: {} }) });
  if (can(me, 'readQueues')) pages.push({ id: 'routing', label: t('nav.routing'), leftSection: <IconArrowsSplit2 size={18} />, onClick: () => void navigate({ to: '/routing' }) });
  if (can(me, 'importContacts')) {
    pages.push(
      { id: 'imports', label: t('nav.imports'), leftSection: <IconFileImport size={18} />, onClick: () => void navigate({ to: '/imports' }) },
      { id: 'newImport', label: t('palette.newImport'), leftSection: <IconFileImport size={18} />, onClick: () => void navigate({ to: '/imports/$importId', params: { importId: 'new' } }) },
    );
  }
  if (can(me, 'readReports')) pages.push({ id: 'wallboard', label: t('nav.wallboard'), leftSection: <IconDeviceTv size={18} />, onClick: () => void navigate({ to: '/live' }) });
  if (can(me, 'readReports') || can(me, 'writeInbox')) pages.push({ id: 'reports', label: t('nav.reports'), leftSection: <IconChartBar size={18} />, onClick: () => void navigate({ to: '/reports' }) });
  if (can(me, 'manageInbox')) pages.push({ id: 'replies', label: t('nav.replies'), leftSection: <IconMessageBolt size={18} />, onClick: () => void navigate({ to: '/settings/replies' }) });
  if (can(me, 'manageWebhooks')) pages.push({ id: 'webhooks', label: t('nav.webhooks'), leftSection: <IconWebhook size={18} />, onClick: () => void navigate({ to: '/settings/webhooks' }) });
  const here = groups
    .filter((group) => group.title !== t('keys.everywhere'))
    .flatMap((group) => group.bindings.map((binding) => ({ id: `${group.title} ${binding.keys}`, label: binding.label, rightSection: <kbd>{binding.keys}</kbd>, onClick: () => setTimeout(binding.run) })));
  const tenants = me.tenants
    .filter((tenant) => tenant.id !== me.tenant.id)
    .map((tenant) => ({ id: tenant.id, label: tenant.name, leftSection: <IconBuilding size={18} />, onClick: () => void act(tenant) }));
  return [
    { group: t('palette.pages'), actions: pages },
    { group: t('palette.actions'), actions: here },
    { group: t('palette.tenants'), actions: tenants },
    {
      group: t('palette.settings'),
      actions: [
        { id: 'light', label: t('palette.themeLight'), leftSection: <IconSun size={18} />, onClick: () => setColorScheme('light') },
        { id: 'dark', label: t('palette.themeDark'), leftSection: <IconMoon size={18} />, onClick: () => setColorScheme('dark') },
        { id: 'out', label: t('user.signOut'), leftSection: <IconLogout size={18} />, onClick: () => void signOutNow() },
      ],
    },
  ].filter((group) => group.actions.length > 0);
}

/** Search and commands: pages, what can be done here, people, tenants. */
export default function CommandPalette() {
  const { t } = useTranslation();
  const open = useStore(paletteOpen);
  const [query, setQuery] = useState('');
  const actions = [...usePeople(query), ...useConversations(query), ...useActions()];
  useEffect(() => {
    if (open) palette.open();
    else palette.close();
  }, [open]);
  return (
    <Spotlight
      store={store}
      shortcut={null}
      actions={actions}
      query={query}
      onQueryChange={setQuery}
      onSpotlightClose={() => paletteOpen.set(false)}
      nothingFound={t('palette.nothing')}
      overlayProps={{ blur: 0 }}
      scrollable
      maxHeight={420}
      searchProps={{ leftSection: <IconSearch size={18} aria-hidden />, placeholder: t('palette.placeholder'), 'aria-label': t('palette.placeholder') }}
    />
  );
}

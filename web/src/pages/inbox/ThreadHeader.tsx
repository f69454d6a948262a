import { ActionIcon, Button, Tooltip } from '@mantine/core';
import { IconArrowBackUp, IconArrowLeft, IconFlag3, IconLayoutSidebarRight } from '@tabler/icons-react';
import { Link, useParams, useSearch } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { Conversation } from '../../api/types';
import { useMe } from '../../app/session';
import { ChannelIcon } from '../../ui/ChannelIcon';
import { Status } from '../../ui/Status';
import { absoluteTime, shortTime } from '../../ui/time';
import { CallButton } from './CallButton';
import { CloseButton } from './CloseButton';
import { Flood } from './Flood';
import { AssignMenu, MoreMenu, TransferMenu } from './PassMenus';
import { RestMenu } from './RestMenu';
import { ServiceLevel } from './ServiceLevel';
import { TagMenu } from './Tags';
import { Viewers } from './Viewers';
import classes from './thread.module.css';
import type { ConversationActions } from './useActions';

type MenuName = 'assign' | 'transfer' | 'rest' | 'tags' | 'back';
export interface MenuState { opened: MenuName | null; set: (menu: MenuName | null) => void }

interface HeaderProps { row: Conversation; actions: ConversationActions; menu: MenuState; mayWrite: boolean; panel: boolean; onPanel: () => void }

export function ThreadHeader({ row, actions, menu, mayWrite, panel, onPanel }: HeaderProps) {
  const { t } = useTranslation('inbox');
  const { view } = useParams({ from: '/app/inbox/$view/$conversation' });
  const search = useSearch({ from: '/app/inbox' });
  const me = useMe();
  const open = row.status === 'open' || row.status === 'snoozed' || row.status === 'waiting';
  return (
    <div className={classes.head}>
      <Link to="/inbox/$view" params={{ view }} search={search} className={classes.backButton} aria-label={t('common:action.back')}>
        <IconArrowLeft size={20} aria-hidden />
      </Link>
      <div className={classes.who}>
        <h2><bdi>{row.contact.name || row.contact.address}</bdi></h2>
        <div className={classes.whoMeta}>
          {row.channel && <span><ChannelIcon kind={row.channel.kind} />{row.contact.name && <span dir="ltr">{row.contact.address}</span>}</span>}
          {row.status !== 'open' && (
            <Status tone={row.status === 'snoozed' || row.status === 'waiting' ? 'info' : 'neutral'} title={row.snoozed_until ? absoluteTime(row.snoozed_until, me.tenant.time_zone) : undefined}>
              {row.status === 'snoozed' && row.snoozed_until ? t('status.snoozedUntil', { time: shortTime(row.snoozed_until, me.tenant.time_zone) }) : t(`status.${row.status}`)}
            </Status>
          )}
          {row.priority !== 0 && <Status tone={row.priority > 0 ? 'warning' : 'neutral'} icon={<IconFlag3 size={13} aria-hidden />}>{t(`common:priority.${row.priority}`)}</Status>}
          <Viewers conversationId={row.id} />
          <Flood row={row} />
          <ServiceLevel row={row} />
          {row.opted_out.length > 0 && <Status tone="human">{t('status.optedOut')}</Status>}
        </div>
      </div>
      <div className={classes.headActions}>
        {mayWrite && open && me.user && <CallButton row={row} />}
        {mayWrite && open && <AssignMenu row={row} actions={actions} menu={menu} />}
        {mayWrite && open && <TransferMenu row={row} actions={actions} menu={menu} />}
        {mayWrite && open && <MoreMenu row={row} actions={actions} />}
        {mayWrite && <TagMenu row={row} actions={actions} opened={menu.opened === 'tags'} onChange={(now) => menu.set(now ? 'tags' : null)} />}
        {mayWrite && open && <RestMenu row={row} actions={actions} opened={menu.opened === 'rest'} onChange={(now) => menu.set(now ? 'rest' : null)} />}
        {mayWrite && open && <CloseButton row={row} actions={actions} />}
        {mayWrite && row.status !== 'open' && row.status !== 'idle' && (
          <Button size="sm" leftSection={<IconArrowBackUp size={16} aria-hidden />} onClick={() => actions.reopen(row)}>{t(row.status === 'closed' ? 'action.reopen' : 'action.wake')}</Button>
        )}
        <Tooltip label={t('panel.toggle')}>
          <ActionIcon variant="subtle" color="gray" size={32} className={classes.panelButton} aria-label={t('panel.toggle')} aria-expanded={panel} onClick={onPanel}>
            <IconLayoutSidebarRight size={18} aria-hidden />
          </ActionIcon>
        </Tooltip>
      </div>
    </div>
  );
}

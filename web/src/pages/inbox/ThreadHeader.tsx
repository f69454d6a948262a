import { ActionIcon, Button, Menu, TextInput, Tooltip } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { IconArrowBackUp, IconArrowLeft, IconArrowsExchange, IconCheck, IconDotsVertical, IconFlag3, IconLayoutSidebarRight, IconRoute, IconUserCheck, IconUserPlus } from '@tabler/icons-react';
import { Link, useParams, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { flowsToPassIntoQuery } from '../../api/desk';
import { queuesQuery } from '../../api/queries';
import type { Conversation } from '../../api/types';
import { useMe } from '../../app/session';
import { ChannelIcon } from '../../ui/ChannelIcon';
import { Status } from '../../ui/Status';
import { absoluteTime, shortTime } from '../../ui/time';
import { CallButton } from './CallButton';
import { CloseButton } from './CloseButton';
import { Flood } from './Flood';
import { usePeople } from './people';
import { RestMenu } from './RestMenu';
import { ServiceLevel } from './ServiceLevel';
import { TagMenu } from './Tags';
import { Viewers } from './Viewers';
import classes from './thread.module.css';
import type { ConversationActions } from './useActions';

const NOTE_CHARS_MAX = 2_000;

type MenuName = 'assign' | 'transfer' | 'rest' | 'tags' | 'back';
export interface MenuState { opened: MenuName | null; set: (menu: MenuName | null) => void }

interface HeaderProps { row: Conversation; actions: ConversationActions; menu: MenuState; mayWrite: boolean; panel: boolean; onPanel: () => void }

/** Words for whoever gets the conversation; kept while the menu is closed. */
function PassNote({ value, onChange }: { value: string; onChange: (note: string) => void }) {
  const { t } = useTranslation('inbox');
  return (
    <TextInput
      className={classes.passNote}
      aria-label={t('pass.note')}
      placeholder={t('pass.note')}
      maxLength={NOTE_CHARS_MAX}
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
      onKeyDown={(event) => event.key !== 'Escape' && event.key !== 'ArrowDown' && event.key !== 'Tab' && event.stopPropagation()}
    />
  );
}

function AssignMenu({ row, actions, menu }: Pick<HeaderProps, 'row' | 'actions' | 'menu'>) {
  const { t } = useTranslation('inbox');
  const me = useMe();
  const people = usePeople();
  const [note, setNote] = useState('');
  return (
    <Menu opened={menu.opened === 'assign'} onChange={(open) => menu.set(open ? 'assign' : null)} position="bottom-end" width={240}>
      <Menu.Target>
        <Button variant="default" size="sm" leftSection={<IconUserPlus size={16} aria-hidden />} className={classes.wide} title={t('action.assignKey')}>
          {row.assignee ? row.assignee.name : t('action.assign')}
        </Button>
      </Menu.Target>
      <Menu.Dropdown className={classes.menu}>
        <PassNote value={note} onChange={setNote} />
        <Menu.Label>{t('action.assignTo')}</Menu.Label>
        {people.map((person) => (
          <Menu.Item
            key={person.id}
            rightSection={row.assignee?.id === person.id ? <IconCheck size={15} aria-hidden /> : undefined}
            onClick={() => {
              actions.assign(row, person, note.trim());
              setNote('');
            }}
          >
            {person.id === me.user?.id ? t('action.me', { name: person.name }) : person.name}
          </Menu.Item>
        ))}
        {row.assignee && <Menu.Divider />}
        {row.assignee && <Menu.Item onClick={() => actions.assign(row, null)}>{t('action.unassign')}</Menu.Item>}
      </Menu.Dropdown>
    </Menu>
  );
}

function TransferMenu({ row, actions, menu }: Pick<HeaderProps, 'row' | 'actions' | 'menu'>) {
  const { t } = useTranslation('inbox');
  const { data } = useQuery(queuesQuery);
  const { data: flows } = useQuery({ ...flowsToPassIntoQuery, enabled: menu.opened === 'transfer' });
  const [note, setNote] = useState('');
  return (
    <Menu opened={menu.opened === 'transfer'} onChange={(open) => menu.set(open ? 'transfer' : null)} position="bottom-end" width={240}>
      <Menu.Target>
        <Button variant="default" size="sm" leftSection={<IconArrowsExchange size={16} aria-hidden />} className={classes.wide} title={t('action.transferKey')}>
          {row.queue?.name ?? t('action.transfer')}
        </Button>
      </Menu.Target>
      <Menu.Dropdown className={classes.menu}>
        <PassNote value={note} onChange={setNote} />
        <Menu.Label>{t('action.transferTo')}</Menu.Label>
        {(data?.items ?? []).map((queue) => (
          <Menu.Item
            key={queue.id}
            rightSection={row.queue?.id === queue.id ? <IconCheck size={15} aria-hidden /> : undefined}
            onClick={() => {
              if (row.queue?.id === queue.id) return;
              actions.transfer(row, queue, note.trim());
              setNote('');
            }}
          >
            {queue.name}
          </Menu.Item>
        ))}
        {flows && flows.items.length > 0 && <Menu.Label>{t('action.intoFlow')}</Menu.Label>}
        {flows?.items.map((flow) => (
          <Menu.Item
            key={flow.id}
            leftSection={<IconRoute size={15} aria-hidden />}
            onClick={() => {
              actions.passIntoFlow(row, flow, note.trim());
              setNote('');
            }}
          >
            {flow.name}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

/** On narrow screens the same actions behind one button. */
function MoreMenu({ row, actions, menu }: Pick<HeaderProps, 'row' | 'actions' | 'menu'>) {
  const { t } = useTranslation('inbox');
  const me = useMe();
  const { data } = useQuery(queuesQuery);
  const mine = row.assignee?.id === me.user?.id;
  return (
    <Menu position="bottom-end" width={220}>
      <Menu.Target>
        <ActionIcon variant="default" size={32} className={classes.narrow} aria-label={t('action.more')}><IconDotsVertical size={18} aria-hidden /></ActionIcon>
      </Menu.Target>
      <Menu.Dropdown className={classes.menu} onKeyDown={() => menu.set(null)}>
        <Menu.Item leftSection={<IconUserCheck size={16} aria-hidden />} onClick={() => actions.assign(row, mine || !me.user ? null : { id: me.user.id, name: me.user.name })}>
          {t(mine ? 'action.unassign' : 'action.toMe')}
        </Menu.Item>
        <Menu.Label>{t('action.transferTo')}</Menu.Label>
        {(data?.items ?? []).map((queue) => <Menu.Item key={queue.id} onClick={() => actions.transfer(row, queue)}>{queue.name}</Menu.Item>)}
      </Menu.Dropdown>
    </Menu>
  );
}

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
        {mayWrite && open && <MoreMenu row={row} actions={actions} menu={menu} />}
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

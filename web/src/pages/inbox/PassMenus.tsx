import { ActionIcon, Button, Menu, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { IconArrowsExchange, IconCheck, IconDotsVertical, IconRoute, IconSearch, IconUserCheck, IconUserPlus } from '@tabler/icons-react';
import { useState, type ComponentType, type KeyboardEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { flowsToPassIntoQuery } from '../../api/desk';
import { queuesQuery } from '../../api/queries';
import type { Agent, Conversation } from '../../api/types';
import { useMe } from '../../app/session';
import { ProblemAlert } from '../../ui/ProblemAlert';
import { usePeople } from './people';
import type { MenuState } from './ThreadHeader';
import classes from './thread.module.css';
import type { ConversationActions } from './useActions';

const NOTE_CHARS_MAX = 2_000;
/** From so many choices on they can be searched. */
const SEARCH_FROM = 9;

interface Named { id: string; name: string }
interface Props { row: Conversation; actions: ConversationActions; menu: MenuState }

/** Keys of a field in a menu: typing is not for the menu, moving and leaving are. */
const typing = (event: KeyboardEvent): void => {
  if (event.key !== 'Escape' && event.key !== 'ArrowDown' && event.key !== 'Tab') event.stopPropagation();
};

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
      onKeyDown={typing}
    />
  );
}

interface ChoicesProps<T extends Named> { items: readonly T[] | undefined; error: unknown; onRetry: () => void; search: string; chosenId: string | undefined; onPick: (item: T) => void; Name?: ComponentType<{ item: T }> }

/** Names to choose from; many can be searched, and Enter takes the first that fits. */
export function Choices<T extends Named>({ items, error, onRetry, search, chosenId, onPick, Name }: ChoicesProps<T>) {
  const { t } = useTranslation('inbox');
  const [word, setWord] = useState('');
  if (!items) return error ? <ProblemAlert error={error} onRetry={onRetry} /> : <div className={classes.menuLoading} aria-busy><div className="skeleton" /><div className="skeleton" /></div>;
  const wanted = word.trim().toLocaleLowerCase();
  const shown = items.filter((item) => item.name.toLocaleLowerCase().includes(wanted));
  return (
    <>
      {items.length >= SEARCH_FROM && (
        <TextInput
          className={classes.passNote}
          aria-label={search}
          placeholder={search}
          leftSection={<IconSearch size={15} aria-hidden />}
          value={word}
          onChange={(event) => setWord(event.currentTarget.value)}
          onKeyDown={(event) => {
            const [first] = shown;
            if (event.key === 'Enter' && first && wanted !== '') onPick(first);
            typing(event);
          }}
        />
      )}
      {shown.map((item) => (
        <Menu.Item key={item.id} rightSection={chosenId === item.id ? <IconCheck size={15} aria-hidden /> : undefined} onClick={() => onPick(item)}>
          {Name ? <Name item={item} /> : item.name}
        </Menu.Item>
      ))}
      {shown.length === 0 && <p className={classes.menuNone}>{t(items.length === 0 ? 'pass.none' : 'pass.noMatch', { word })}</p>}
    </>
  );
}

export function AgentName({ item: agent }: { item: Agent }) {
  const { t } = useTranslation('inbox');
  const me = useMe();
  return (
    <span className={classes.agentName}>
      <bdi>{agent.id === me.user?.id ? t('action.me', { name: agent.name }) : agent.name}</bdi>
      <small>{agent.kind === 'bot' ? t('pass.bot') : t(`common:presence.${agent.presence}`)}</small>
    </span>
  );
}

function Agents({ row, note, actions, opened, onDone }: { row: Conversation; note: string; actions: ConversationActions; opened: boolean; onDone: () => void }) {
  const { t } = useTranslation('inbox');
  const { people, error, retry } = usePeople(opened);
  return (
    <Choices
      items={people}
      error={error}
      onRetry={retry}
      search={t('pass.searchPeople')}
      chosenId={row.assignee?.id}
      Name={AgentName}
      onPick={(agent) => {
        actions.assign(row, agent, note.trim());
        onDone();
      }}
    />
  );
}

function Queues({ row, note, actions, opened, onDone }: { row: Conversation; note: string; actions: ConversationActions; opened: boolean; onDone: () => void }) {
  const { t } = useTranslation('inbox');
  const { data, error, refetch } = useQuery({ ...queuesQuery, enabled: opened });
  return (
    <Choices
      items={data?.items}
      error={error}
      onRetry={() => void refetch()}
      search={t('pass.searchQueues')}
      chosenId={row.queue?.id}
      onPick={(queue) => {
        if (row.queue?.id !== queue.id) actions.transfer(row, queue, note.trim());
        onDone();
      }}
    />
  );
}

function Flows({ row, note, actions, opened, onDone }: { row: Conversation; note: string; actions: ConversationActions; opened: boolean; onDone: () => void }) {
  const { t } = useTranslation('inbox');
  const { data } = useQuery({ ...flowsToPassIntoQuery, enabled: opened });
  if (!data || data.items.length === 0) return null; // who has no journeys misses none
  return (
    <>
      <Menu.Label>{t('action.intoFlow')}</Menu.Label>
      {data.items.map((flow) => (
        <Menu.Item
          key={flow.id}
          leftSection={<IconRoute size={15} aria-hidden />}
          onClick={() => {
            actions.passIntoFlow(row, flow, note.trim());
            onDone();
          }}
        >
          {flow.name}
        </Menu.Item>
      ))}
    </>
  );
}

export function AssignMenu({ row, actions, menu }: Props) {
  const { t } = useTranslation('inbox');
  const [note, setNote] = useState('');
  const opened = menu.opened === 'assign';
  return (
    <Menu opened={opened} onChange={(open) => menu.set(open ? 'assign' : null)} position="bottom-end" width={260}>
      <Menu.Target>
        <Button variant="default" size="sm" leftSection={<IconUserPlus size={16} aria-hidden />} className={classes.wide} title={t('action.assignKey')}>
          {row.assignee ? row.assignee.name : t('action.assign')}
        </Button>
      </Menu.Target>
      <Menu.Dropdown className={classes.menu}>
        <PassNote value={note} onChange={setNote} />
        {row.assignee && <Menu.Item onClick={() => actions.assign(row, null)}>{t('action.unassign')}</Menu.Item>}
        <Menu.Label>{t('action.assignTo')}</Menu.Label>
        <Agents row={row} note={note} actions={actions} opened={opened} onDone={() => {
          setNote('');
          menu.set(null);
        }} />
      </Menu.Dropdown>
    </Menu>
  );
}

export function TransferMenu({ row, actions, menu }: Props) {
  const { t } = useTranslation('inbox');
  const [note, setNote] = useState('');
  const opened = menu.opened === 'transfer';
  const done = (): void => {
    setNote('');
    menu.set(null);
  };
  return (
    <Menu opened={opened} onChange={(open) => menu.set(open ? 'transfer' : null)} position="bottom-end" width={260}>
      <Menu.Target>
        <Button variant="default" size="sm" leftSection={<IconArrowsExchange size={16} aria-hidden />} className={classes.wide} title={t('action.transferKey')}>
          {row.queue?.name ?? t('action.transfer')}
        </Button>
      </Menu.Target>
      <Menu.Dropdown className={classes.menu}>
        <PassNote value={note} onChange={setNote} />
        <Menu.Label>{t('action.transferTo')}</Menu.Label>
        <Queues row={row} note={note} actions={actions} opened={opened} onDone={done} />
        <Flows row={row} note={note} actions={actions} opened={opened} onDone={done} />
      </Menu.Dropdown>
    </Menu>
  );
}

/** On narrow screens the same actions behind one button. */
export function MoreMenu({ row, actions }: Pick<Props, 'row' | 'actions'>) {
  const { t } = useTranslation('inbox');
  const me = useMe();
  const [opened, setOpened] = useState(false);
  const [note, setNote] = useState('');
  const mine = row.assignee?.id === me.user?.id;
  const parts = { row, note, actions, opened, onDone: () => {
    setNote('');
    setOpened(false);
  } };
  return (
    <Menu opened={opened} onChange={setOpened} position="bottom-end" width={260}>
      <Menu.Target>
        <ActionIcon variant="default" size={32} className={classes.narrow} aria-label={t('action.more')}><IconDotsVertical size={18} aria-hidden /></ActionIcon>
      </Menu.Target>
      <Menu.Dropdown className={classes.menu}>
        <Menu.Item leftSection={<IconUserCheck size={16} aria-hidden />} onClick={() => actions.assign(row, mine || !me.user ? null : { id: me.user.id, name: me.user.name })}>
          {t(mine ? 'action.unassign' : 'action.toMe')}
        </Menu.Item>
        <PassNote value={note} onChange={setNote} />
        <Menu.Label>{t('action.transferTo')}</Menu.Label>
        <Queues {...parts} />
        <Menu.Label>{t('action.assignTo')}</Menu.Label>
        <Agents {...parts} />
        <Flows {...parts} />
      </Menu.Dropdown>
    </Menu>
  );
}

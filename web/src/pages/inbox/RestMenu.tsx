import { ActionIcon, Menu } from '@mantine/core';
import { IconCheck, IconFlag3, IconHourglass, IconMoon } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { Conversation } from '../../api/types';
import { useMe } from '../../app/session';
import { absoluteTime } from '../../ui/time';
import { useNow } from '../../ui/useNow';
import { snoozeTimes } from './snoozeTimes';
import classes from './thread.module.css';
import type { ConversationActions } from './useActions';

const PRIORITIES = [2, 1, 0, -1];

interface RestProps { row: Conversation; actions: ConversationActions; opened: boolean; onChange: (opened: boolean) => void }

/** Put off, wait for the contact, and how urgent it is. */
export function RestMenu({ row, actions, opened, onChange }: RestProps) {
  const { t } = useTranslation('inbox');
  const me = useMe();
  const zone = me.tenant.time_zone;
  const now = useNow();
  return (
    <Menu opened={opened} onChange={onChange} position="bottom-end" width={268}>
      <Menu.Target>
        <ActionIcon variant="default" size={32} aria-label={t('rest.open')} title={t('rest.openKey')} data-testid="rest"><IconMoon size={17} aria-hidden /></ActionIcon>
      </Menu.Target>
      <Menu.Dropdown className={classes.restMenu}>
        <Menu.Label>{t('rest.snooze')}</Menu.Label>
        {snoozeTimes(now, zone).map(({ key, until }) => (
          <Menu.Item key={key} leftSection={<IconMoon size={15} aria-hidden />} onClick={() => actions.snooze(row, until)} title={absoluteTime(until, zone)}>{t(`rest.${key}`)}</Menu.Item>
        ))}
        <Menu.Divider />
        <Menu.Item leftSection={<IconHourglass size={15} aria-hidden />} disabled={row.status === 'waiting'} onClick={() => actions.waitForContact(row)}>
          {t('rest.wait')}<small className={classes.menuHint}>{t('rest.waitHint')}</small>
        </Menu.Item>
        <Menu.Divider />
        <Menu.Label>{t('rest.priority')}</Menu.Label>
        {PRIORITIES.map((priority) => (
          <Menu.Item key={priority} leftSection={<IconFlag3 size={15} aria-hidden />} rightSection={row.priority === priority ? <IconCheck size={15} aria-hidden /> : undefined} onClick={() => row.priority !== priority && actions.setPriority(row, priority)}>
            {t(`common:priority.${priority}`)}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

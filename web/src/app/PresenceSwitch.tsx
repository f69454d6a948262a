import { Menu } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { IconBell, IconCheck, IconChevronDown, IconPhone } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { phoneQuery } from '../api/calls';
import { presenceQuery, putPresence } from '../api/desk';
import { keys } from '../api/keys';
import type { Presence } from '../api/types';
import { toast, toastProblem } from '../ui/toast';
import classes from './desk.module.css';
import { notifying, toggleNotifying } from './notify';
import { phoneOpen } from './phoneOpen';
import { useStore } from './store';

const CHOICES: Presence[] = ['online', 'busy', 'away', 'offline'];

/** Whether this person takes conversations. What they choose is shown at once, and taken back when it is refused. */
export default function PresenceSwitch() {
  const { t } = useTranslation();
  const client = useQueryClient();
  const { data } = useQuery(presenceQuery);
  const { data: phone } = useQuery(phoneQuery);
  const change = useMutation({
    mutationFn: putPresence,
    onMutate: (status) => {
      const before = client.getQueryData(keys.presence);
      client.setQueryData(keys.presence, { status });
      return { before };
    },
    onError: (error, _, kept) => {
      client.setQueryData(keys.presence, kept?.before);
      toastProblem(t, t('presence.failed'), error);
    },
  });
  const told = useStore(notifying);
  if (!data) return null;
  return (
    <Menu position="bottom-end" width={268}>
      <Menu.Target>
        <button type="button" className={classes.presence} aria-label={t('presence.label', { status: t(`presence.${data.status}`) })} data-testid="presence">
          <span className={classes.mark} data-status={data.status} aria-hidden />
          <span className={classes.presenceWord}>{t(`presence.${data.status}`)}</span>
          <IconChevronDown size={14} aria-hidden />
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        {CHOICES.map((status) => (
          <Menu.Item
            key={status}
            leftSection={<span className={classes.mark} data-status={status} aria-hidden />}
            rightSection={data.status === status ? <IconCheck size={15} aria-hidden /> : undefined}
            onClick={() => data.status !== status && change.mutate(status)}
          >
            {t(`presence.${status}`)}
            <small className={classes.hint}>{t(`presence.${status}Hint`)}</small>
          </Menu.Item>
        ))}
        <Menu.Divider />
        <Menu.Item
          role="menuitemcheckbox"
          aria-checked={told}
          leftSection={<IconBell size={15} aria-hidden />}
          rightSection={told ? <IconCheck size={15} aria-hidden /> : undefined}
          onClick={() => void toggleNotifying().then((done) => done || toast(t('presence.notAllowed')))}
        >
          {t('presence.notify')}
          <small className={classes.hint}>{t('presence.notifyHint')}</small>
        </Menu.Item>
        <Menu.Item leftSection={<IconPhone size={15} aria-hidden />} onClick={() => phoneOpen.set(true)}>
          {t('presence.phone')}
          <small className={classes.hint} dir="ltr">{phone?.address || t('presence.noPhone')}</small>
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

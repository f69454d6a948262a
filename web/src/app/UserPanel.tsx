import { Menu, SegmentedControl, Switch, useMantineColorScheme, type MantineColorScheme } from '@mantine/core';
import { IconKeyboard, IconLogout } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Avatar } from '../ui/Avatar';
import { singleKeys } from './keyboard';
import { useMe } from './session';
import classes from './shell.module.css';
import { helpOpen } from './shellState';
import { useStore } from './store';
import { useSignOut } from './useSignOut';

function DensitySwitch() {
  const { t } = useTranslation();
  const [compact, setCompact] = useState(document.documentElement.dataset.density === 'compact');
  const change = (on: boolean): void => {
    setCompact(on);
    document.documentElement.dataset.density = on ? 'compact' : 'normal';
    localStorage.setItem('hub-density', on ? 'compact' : 'normal');
    dispatchEvent(new Event('hub-density'));
  };
  return <Switch size="md" label={t('user.density')} checked={compact} onChange={(event) => change(event.currentTarget.checked)} />;
}

/** What opens below the face in the header. */
export default function UserPanel() {
  const { t } = useTranslation();
  const me = useMe();
  const signOutNow = useSignOut();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const single = useStore(singleKeys);
  const name = me.user?.name ?? me.key?.name ?? '';
  return (
    <>
      <div className={classes.who}>
        <Avatar name={name} id={me.user?.id ?? ''} size={36} />
        <div>
          <strong>{name}</strong>
          <span>{me.user?.email}</span>
        </div>
      </div>
      <Menu.Divider />
      <div className={classes.prefs}>
        <SegmentedControl
          fullWidth
          size="xs"
          aria-label={t('user.theme')}
          value={colorScheme}
          onChange={(value) => setColorScheme(value as MantineColorScheme)}
          data={(['light', 'dark', 'auto'] as const).map((value) => ({ value, label: t(`user.${value}`) }))}
        />
        <DensitySwitch />
        <Switch size="md" label={t('user.singleKeys')} checked={single} onChange={(event) => singleKeys.set(event.currentTarget.checked)} />
      </div>
      <Menu.Divider />
      <Menu.Item leftSection={<IconKeyboard size={16} />} onClick={() => helpOpen.set(true)}>{t('user.keys')}</Menu.Item>
      <Menu.Item leftSection={<IconLogout size={16} />} onClick={() => void signOutNow()}>{t('user.signOut')}</Menu.Item>
    </>
  );
}

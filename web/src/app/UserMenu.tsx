import { Menu } from '@mantine/core';
import { lazy, Suspense } from 'react';
import { useTranslation } from 'react-i18next';
import { Avatar } from '../ui/Avatar';
import { useMe } from './session';
import classes from './shell.module.css';

const UserPanel = lazy(() => import('./UserPanel'));

export function UserMenu() {
  const { t } = useTranslation();
  const me = useMe();
  const name = me.user?.name ?? me.key?.name ?? '';
  return (
    <Menu position="bottom-end" width={264}>
      <Menu.Target>
        <button type="button" className={`${classes.quiet} ${classes.face}`} aria-label={t('header.account', { name })}>
          <Avatar name={name} id={me.user?.id ?? ''} size={30} />
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        <Suspense fallback={<div className={classes.panelWait} />}>
          <UserPanel />
        </Suspense>
      </Menu.Dropdown>
    </Menu>
  );
}

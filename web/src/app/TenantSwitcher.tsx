import { Popover, TextInput } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { IconBuilding, IconSearch, IconSelector } from '@tabler/icons-react';
import { useNavigate } from '@tanstack/react-router';
import { useState, type KeyboardEvent } from 'react';
import { useTranslation } from 'react-i18next';
import type { Tenant } from '../api/types';
import { switchTenant } from '../api/writes';
import { toastProblem } from '../ui/toast';
import { enterTenant, useMe } from './session';
import classes from './shell.module.css';
import { treeOrder } from './tenantTree';

/** Acts in another tenant: all that was loaded belongs to the old one and goes. */
export function useSwitchTenant(): (tenant: Tenant) => Promise<void> {
  const client = useQueryClient();
  const navigate = useNavigate();
  const { t } = useTranslation();
  return async (tenant) => {
    try {
      const me = await switchTenant(tenant.id);
      await navigate({ to: '/' });
      await enterTenant(client, me);
    } catch (error) {
      toastProblem(t, t('tenant.failed'), error);
    }
  };
}

function TenantTree({ onPick }: { onPick: (tenant: Tenant) => void }) {
  const { t } = useTranslation();
  const me = useMe();
  const [search, setSearch] = useState('');
  const [active, setActive] = useState(0);
  const rows = treeOrder(me.tenants, search);
  const onKeyDown = (event: KeyboardEvent): void => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const row = rows[active];
    if (step) setActive((at) => Math.min(rows.length - 1, Math.max(0, at + step)));
    else if (event.key === 'Enter' && row) onPick(row.tenant);
    else return;
    event.preventDefault();
  };
  return (
    <>
      <TextInput
        data-autofocus
        aria-label={t('tenant.search')}
        placeholder={t('tenant.search')}
        leftSection={<IconSearch size={16} aria-hidden />}
        value={search}
        onKeyDown={onKeyDown}
        onChange={(event) => {
          setSearch(event.currentTarget.value);
          setActive(0);
        }}
      />
      <div className={classes.tree}>
        {rows.map(({ tenant, depth }, at) => (
          <button
            key={tenant.id}
            type="button"
            className={classes.treeRow}
            data-active={at === active || undefined}
            data-current={tenant.id === me.tenant.id || undefined}
            style={{ paddingInlineStart: 8 + depth * 16 }}
            onClick={() => onPick(tenant)}
          >
            <IconBuilding size={15} stroke={1.5} aria-hidden />
            {tenant.name}
            {tenant.id === me.tenant.id && <small>{t('tenant.current')}</small>}
          </button>
        ))}
        {rows.length === 0 && <div className={classes.treeEmpty}>{t('tenant.none')}</div>}
      </div>
    </>
  );
}

export function TenantSwitcher() {
  const { t } = useTranslation();
  const me = useMe();
  const [opened, setOpened] = useState(false);
  const act = useSwitchTenant();
  if (me.tenants.length < 2) return <span className={classes.tenantLabel}>{me.tenant.name}</span>;
  const pick = (tenant: Tenant): void => {
    setOpened(false);
    if (tenant.id !== me.tenant.id) void act(tenant);
  };
  return (
    <Popover opened={opened} onChange={setOpened} position="bottom-start" width={320} trapFocus returnFocus>
      <Popover.Target>
        <button type="button" className={`${classes.quiet} ${classes.tenant}`} onClick={() => setOpened((open) => !open)} title={t('tenant.switch', { name: me.tenant.name })}>
          <span>{me.tenant.name}</span>
          <IconSelector size={15} aria-hidden />
        </button>
      </Popover.Target>
      <Popover.Dropdown p={8} aria-label={t('tenant.search')}>
        <TenantTree onPick={pick} />
      </Popover.Dropdown>
    </Popover>
  );
}

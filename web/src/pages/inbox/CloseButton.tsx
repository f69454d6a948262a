import { Button, Menu } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { IconCheck } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { wrapUpsQuery } from '../../api/wrapUps';
import type { Conversation } from '../../api/types';
import { closing as asked } from '../../app/closing';
import { useStore } from '../../app/store';
import classes from './thread.module.css';
import type { ConversationActions } from './useActions';

/** Closes at once, or asks what became of it where the tenant has codes for that. */
export function useClosing(actions: ConversationActions): (row: Conversation) => void {
  const { data } = useQuery(wrapUpsQuery);
  return (row) => {
    if (data && data.codes.length > 0) asked.set(row.id);
    else actions.close(row);
  };
}

/** The end of a conversation, with its wrap-up codes where there are some. */
export function CloseButton({ row, actions }: { row: Conversation; actions: ConversationActions }) {
  const { t } = useTranslation('inbox');
  const { data } = useQuery(wrapUpsQuery);
  const close = useClosing(actions);
  const opened = useStore(asked) === row.id;
  const button = <Button variant="default" size="sm" leftSection={<IconCheck size={16} aria-hidden />} onClick={() => close(row)} title={t('action.closeKey')}>{t('action.close')}</Button>;
  if (!data || data.codes.length === 0) return button;
  const end = (code?: string): void => {
    asked.set(null);
    actions.close(row, code);
  };
  return (
    <Menu opened={opened} onChange={(open) => asked.set(open ? row.id : null)} position="bottom-end" width={240}>
      <Menu.Target>{button}</Menu.Target>
      <Menu.Dropdown className={classes.menu}>
        <Menu.Label>{t('action.wrapUp')}</Menu.Label>
        {data.codes.map((code) => <Menu.Item key={code} onClick={() => end(code)}>{code}</Menu.Item>)}
        {!data.required && <Menu.Divider />}
        {!data.required && <Menu.Item onClick={() => end()}>{t('action.noWrapUp')}</Menu.Item>}
      </Menu.Dropdown>
    </Menu>
  );
}

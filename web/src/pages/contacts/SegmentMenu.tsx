import { Button, Menu } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { IconUsersPlus } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { segmentNamesQuery } from '../../api/contacts';
import { changeMembers } from '../../api/segments';
import { toast, toastProblem } from '../../ui/toast';
import classes from './contacts.module.css';

/** Adds the chosen contacts to a list that is kept by hand. */
export function SegmentMenu({ ids }: { ids: string[] }) {
  const { t } = useTranslation('contacts');
  const client = useQueryClient();
  const { data } = useQuery({ ...segmentNamesQuery, retry: false });
  const lists = (data?.items ?? []).filter((segment) => segment.kind === 'static');
  if (lists.length === 0) return null;
  const add = async (segment: { id: string; name: string }): Promise<void> => {
    try {
      await changeMembers(segment.id, { add: ids });
      void client.invalidateQueries({ queryKey: ['segments'] });
      toast(t('selection.added', { count: ids.length, name: segment.name }));
    } catch (error) {
      toastProblem(t, t('selection.notAdded'), error);
    }
  };
  return (
    <Menu position="bottom-end" width={260}>
      <Menu.Target><Button size="xs" variant="default" leftSection={<IconUsersPlus size={15} aria-hidden />}>{t('selection.segment')}</Button></Menu.Target>
      <Menu.Dropdown className={classes.menu}>
        {lists.map((segment) => <Menu.Item key={segment.id} onClick={() => void add(segment)}><bdi>{segment.name}</bdi></Menu.Item>)}
      </Menu.Dropdown>
    </Menu>
  );
}

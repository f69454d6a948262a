import { ActionIcon, Popover } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { IconTag } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { conversationTagsQuery } from '../../api/desk';
import type { Conversation } from '../../api/types';
import { TagField } from '../../ui/TagField';
import classes from './tags.module.css';
import type { ConversationActions } from './useActions';

const IN_ROW = 2;

/** The tags of a conversation in its row: the first ones, and how many more. */
export function RowTags({ tags }: { tags: readonly string[] }) {
  if (tags.length === 0) return null;
  return (
    <span className={classes.inRow} title={tags.join(', ')}>
      {tags.slice(0, IN_ROW).map((tag) => <span key={tag} className={classes.tag}><bdi>{tag}</bdi></span>)}
      {tags.length > IN_ROW && <span className={classes.more}>{`+${tags.length - IN_ROW}`}</span>}
    </span>
  );
}

/** The tags in the head of a thread; each leads to the conversations that have it. */
export function TagLinks({ tags }: { tags: readonly string[] }) {
  const { t } = useTranslation('inbox');
  return tags.map((tag) => (
    <Link key={tag} to="/inbox/$view" params={{ view: 'all' }} search={{ q: `#${tag}` }} className={classes.tag} title={t('tags.others', { tag })}><bdi>{tag}</bdi></Link>
  ));
}

interface Props { row: Conversation; actions: ConversationActions; opened: boolean; onChange: (opened: boolean) => void }

/** Puts tags on the conversation and takes them off: what is typed counts at once. */
export function TagMenu({ row, actions, opened, onChange }: Props) {
  const { t } = useTranslation('inbox');
  const { data } = useQuery({ ...conversationTagsQuery, enabled: opened });
  return (
    <Popover opened={opened} onChange={onChange} position="bottom-end" width={300} trapFocus returnFocus>
      <Popover.Target>
        <ActionIcon variant="default" size={32} aria-label={t('tags.open')} title={t('tags.openKey')} aria-expanded={opened} onClick={() => onChange(!opened)}><IconTag size={17} aria-hidden /></ActionIcon>
      </Popover.Target>
      <Popover.Dropdown>
        <TagField
          autoFocus
          label={t('tags.label')}
          value={row.tags}
          offers={data?.items.map(({ tag }) => tag) ?? []}
          onEscape={() => onChange(false)}
          onChange={(tags) => actions.tag(row, tags)}
        />
        <p className={classes.hint}>{t('tags.hint')}</p>
      </Popover.Dropdown>
    </Popover>
  );
}

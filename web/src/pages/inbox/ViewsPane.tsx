import { Menu } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { IconChevronDown, IconCircleCheck, IconHourglass, IconInbox, IconMoon, IconStack2, IconTag, IconUser, IconUserQuestion, IconUsersGroup, type Icon } from '@tabler/icons-react';
import { Link, useNavigate } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { conversationTagsQuery } from '../../api/desk';
import { countsQuery } from '../../api/queries';
import type { Counts } from '../../api/types';
import classes from './inbox.module.css';

const VIEWS: { view: 'open' | 'mine' | 'unassigned' | 'snoozed' | 'waiting' | 'closed' | 'all'; icon: Icon }[] = [
  { view: 'open', icon: IconInbox },
  { view: 'mine', icon: IconUser },
  { view: 'unassigned', icon: IconUserQuestion },
  { view: 'snoozed', icon: IconMoon },
  { view: 'waiting', icon: IconHourglass },
  { view: 'closed', icon: IconCircleCheck },
  { view: 'all', icon: IconStack2 },
];

const TAGS_SHOWN = 12;

const countOf = (counts: Counts | undefined, view: string): number | undefined =>
  view === 'open' || view === 'mine' || view === 'unassigned' || view === 'snoozed' || view === 'waiting' ? counts?.[view] : undefined;

const digits = (value: number | undefined): string => (value === undefined ? '' : value.toLocaleString(document.documentElement.lang || 'en'));

/** Views and queues with what is open in each. */
export function ViewsPane() {
  const { t } = useTranslation('inbox');
  const { data: counts } = useQuery(countsQuery);
  const { data: tags } = useQuery(conversationTagsQuery);
  return (
    <nav className={classes.views} aria-label={t('views.label')}>
      <h2 className={classes.viewsTitle}>{t('views.title')}</h2>
      {VIEWS.map(({ view, icon: Glyph }) => (
        <Link key={view} to="/inbox/$view" params={{ view }} search={{}} className={classes.view} activeOptions={{ includeSearch: false }}>
          <Glyph size={16} stroke={1.75} aria-hidden />
          <span>{t(`views.${view}`)}</span>
          <small data-testid={`count-${view}`}>{digits(countOf(counts, view))}</small>
        </Link>
      ))}
      <h2 className={classes.viewsTitle}>{t('views.queues')}</h2>
      {counts?.queues.map((queue) => (
        <Link key={queue.id} to="/inbox/$view" params={{ view: queue.id }} search={{}} className={classes.view} activeOptions={{ includeSearch: false }}>
          <IconUsersGroup size={16} stroke={1.75} aria-hidden />
          <span title={queue.name}>{queue.name}</span>
          <small title={t('views.queueCounts', { open: queue.open, unassigned: queue.unassigned })}>{digits(queue.open)}</small>
        </Link>
      ))}
      {tags && tags.items.length > 0 && <h2 className={classes.viewsTitle}>{t('views.tags')}</h2>}
      {tags?.items.slice(0, TAGS_SHOWN).map(({ tag, open }) => (
        <Link key={tag} to="/inbox/$view" params={{ view: 'all' }} search={{ q: `#${tag}` }} className={classes.view}>
          <IconTag size={16} stroke={1.75} aria-hidden />
          <span title={tag}><bdi>{tag}</bdi></span>
          <small title={t('views.tagCount', { count: open })}>{digits(open)}</small>
        </Link>
      ))}
      {counts?.queues.length === 0 && <p className={classes.viewsNone}>{t('views.noQueues')}</p>}
    </nav>
  );
}

/** The same choice where there is no room for a column. */
export function ViewsMenu({ view }: { view: string }) {
  const { t } = useTranslation('inbox');
  const navigate = useNavigate();
  const { data: counts } = useQuery(countsQuery);
  const go = (to: string): void => void navigate({ to: '/inbox/$view', params: { view: to }, search: {} });
  const name = VIEWS.some((known) => known.view === view) ? t(`views.${view}`) : (counts?.queues.find((queue) => queue.id === view)?.name ?? '');
  return (
    <Menu position="bottom-start" width={240}>
      <Menu.Target>
        <button type="button" className={classes.viewsButton}>
          {name}
          <IconChevronDown size={16} aria-hidden />
        </button>
      </Menu.Target>
      <Menu.Dropdown className={classes.viewsDropdown}>
        {VIEWS.map(({ view: id, icon: Glyph }) => (
          <Menu.Item key={id} leftSection={<Glyph size={16} aria-hidden />} rightSection={<small>{digits(countOf(counts, id))}</small>} onClick={() => go(id)}>{t(`views.${id}`)}</Menu.Item>
        ))}
        <Menu.Label>{t('views.queues')}</Menu.Label>
        {counts?.queues.map((queue) => (
          <Menu.Item key={queue.id} leftSection={<IconUsersGroup size={16} aria-hidden />} rightSection={<small>{digits(queue.open)}</small>} onClick={() => go(queue.id)}>{queue.name}</Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

import { Button, Popover, TextInput } from '@mantine/core';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { IconArrowUp, IconCalendar, IconHistory } from '@tabler/icons-react';
import { useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { attributesQuery, timelinePage, type TimelinePlace } from '../../../api/contacts';
import type { ContactDetail, TimelineEntry } from '../../../api/contactTypes';
import { keys } from '../../../api/keys';
import { useMe } from '../../../app/session';
import { ChannelIcon } from '../../../ui/ChannelIcon';
import { ChoicePopover } from '../../../ui/ChoicePopover';
import { EmptyState } from '../../../ui/EmptyState';
import { ProblemAlert } from '../../../ui/ProblemAlert';
import { dayKey, dayName, endOfDay } from '../../../ui/time';
import { CHANNELS } from '../FilterBar';
import { dayWords } from '../words';
import { Entry } from './Entry';
import { NoteComposer } from './Notes';
import classes from './timeline.module.css';
import { GROUPS, type Group } from './timelineWords';

export interface TimelineProps { contact: ContactDetail; mayNote: boolean; mayWrite: boolean; noting: boolean; onNoting: (on: boolean) => void }

interface Filter { groups: Group[]; channel: string | undefined; around: string | undefined }

const NO_ENTRIES: TimelineEntry[] = [];

function useTimeline(id: string, { groups, channel, around }: Filter, zone: string) {
  const kinds = groups.flatMap((group) => GROUPS[group]);
  const moment = around && endOfDay(around, zone);
  return useInfiniteQuery({
    queryKey: keys.timeline(id, { kinds, channel, around }),
    initialPageParam: null as TimelinePlace,
    queryFn: ({ pageParam, signal }) => timelinePage(id, { kinds, channel, around: moment }, pageParam, signal),
    getNextPageParam: (page) => (page.next_cursor ? { before: page.next_cursor } : undefined),
    getPreviousPageParam: (page) => (around && page.newer_cursor ? { after: page.newer_cursor } : undefined),
    staleTime: 10_000,
  });
}

/** Opens the timeline at a day. */
function Jump({ around, onChange }: { around: string | undefined; onChange: (around: string | undefined) => void }) {
  const { t } = useTranslation('contacts');
  const [opened, setOpened] = useState(false);
  const [day, setDay] = useState(around ?? '');
  const [today] = useState(() => new Date().toISOString().slice(0, 10));
  const go = (event: FormEvent): void => {
    event.preventDefault();
    setOpened(false);
    onChange(day || undefined);
  };
  return (
    <Popover opened={opened} onChange={setOpened} position="bottom-end" trapFocus returnFocus>
      <Popover.Target>
        <button type="button" className={classes.jump} data-on={around !== undefined || undefined} aria-label={t('timeline.jump')} title={t('timeline.jump')} aria-expanded={opened} onClick={() => setOpened((open) => !open)}>
          <IconCalendar size={16} aria-hidden />
          {around && dayWords(around)}
        </button>
      </Popover.Target>
      <Popover.Dropdown p={12} aria-label={t('timeline.jump')}>
        <form className={classes.jumpForm} onSubmit={go}>
          <TextInput data-autofocus type="date" label={t('timeline.jump')} description={t('timeline.jumpHint')} value={day} max={today} onChange={(event) => setDay(event.currentTarget.value)} />
          <div><Button type="submit" size="xs" disabled={day === ''}>{t('timeline.go')}</Button></div>
        </form>
      </Popover.Dropdown>
    </Popover>
  );
}

function Bar({ filter, onChange }: { filter: Filter; onChange: (part: Partial<Filter>) => void }) {
  const { t } = useTranslation('contacts');
  const flip = (group: Group): void => onChange({ groups: filter.groups.includes(group) ? filter.groups.filter((other) => other !== group) : [...filter.groups, group] });
  return (
    <div className={classes.bar} role="toolbar" aria-label={t('timeline.filter')}>
      <div className={classes.chips}>
        <button type="button" className={classes.chip} aria-pressed={filter.groups.length === 0} onClick={() => onChange({ groups: [] })}>{t('timeline.everything')}</button>
        {(Object.keys(GROUPS) as Group[]).map((group) => (
          <button key={group} type="button" className={classes.chip} aria-pressed={filter.groups.includes(group)} onClick={() => flip(group)}>{t(`timeline.${group}`)}</button>
        ))}
      </div>
      <span className={classes.barEnd}>
        <ChoicePopover label={t('filter.channel')} value={filter.channel} onChange={(channel) => onChange({ channel })} none={t('filter.none')}
          choices={CHANNELS.map((kind) => ({ value: kind, label: t(`common:channel.${kind}`), icon: <ChannelIcon kind={kind} size={16} /> }))} />
        <Jump around={filter.around} onChange={(around) => onChange({ around })} />
      </span>
    </div>
  );
}

function Loading() {
  return (
    <div className={classes.loading} aria-busy>
      {Array.from({ length: 6 }, (_, at) => (
        <div key={at} className={classes.loadingRow}>
          <div className="skeleton" style={{ width: 28, height: 28, borderRadius: '50%' }} />
          <div className={classes.loadingLines}>
            <div className="skeleton" style={{ width: `${30 + ((at * 17) % 35)}%`, height: 12 }} />
            {at % 2 === 0 && <div className="skeleton" style={{ width: `${50 + ((at * 11) % 30)}%`, height: 36, marginBlockStart: 8 }} />}
          </div>
        </div>
      ))}
    </div>
  );
}

/** Everything about somebody on all channels, newest first. */
export function Timeline({ contact, mayNote, mayWrite, noting, onNoting }: TimelineProps) {
  const { t } = useTranslation('contacts');
  const me = useMe();
  const zone = me.tenant.time_zone;
  const [filter, setFilter] = useState<Filter>({ groups: [], channel: undefined, around: undefined });
  const query = useTimeline(contact.id, filter, zone);
  const { data: attributes } = useQuery({ ...attributesQuery, retry: false });
  const entries = query.data?.pages.flatMap((page) => page.items) ?? NO_ENTRIES;
  const undone = new Set(entries.filter((entry) => entry.kind === 'unmerge').map((entry) => entry.data.merge_id));
  const filtered = filter.groups.length > 0 || filter.channel !== undefined || filter.around !== undefined;
  const all = (): void => setFilter({ groups: [], channel: undefined, around: undefined });
  return (
    <section className={classes.timeline} aria-label={t('timeline.title')}>
      <Bar filter={filter} onChange={(part) => setFilter((old) => ({ ...old, ...part }))} />
      <div className={classes.scroll} tabIndex={0} role="region" aria-label={t('timeline.title')}>
        <div className={classes.inner}>
          {mayNote && <NoteComposer contact={contact} open={noting} onOpen={onNoting} />}
          {filter.around !== undefined && <button type="button" className={classes.newest} onClick={() => setFilter((old) => ({ ...old, around: undefined }))}><IconArrowUp size={14} aria-hidden />{t('timeline.newest')}</button>}
          {query.isPending && <Loading />}
          {query.isError && !query.data && <ProblemAlert error={query.error} onRetry={() => void query.refetch()} />}
          {query.data && entries.length === 0 && (
            <EmptyState icon={IconHistory} title={t(filtered ? 'timeline.noneFiltered' : 'timeline.none')} text={t(filtered ? 'timeline.noneFilteredText' : 'timeline.noneText')}
              action={filtered && <button type="button" className={classes.older} onClick={all}>{t('timeline.showAll')}</button>} />
          )}
          {query.hasPreviousPage && <button type="button" className={classes.older} disabled={query.isFetchingPreviousPage} onClick={() => void query.fetchPreviousPage()}>{t(query.isFetchingPreviousPage ? 'timeline.loading' : 'timeline.newer')}</button>}
          <ol className={classes.entries}>
            {entries.map((entry, at) => {
              const before = entries[at - 1];
              const newDay = !before || dayKey(before.at, zone) !== dayKey(entry.at, zone);
              return [
                newDay && <li key={`day ${entry.id}`} className={classes.day}><h3>{dayName(entry.at, zone)}</h3></li>,
                <Entry key={entry.id} entry={entry} contact={contact} attributes={attributes?.items ?? []} mayNote={mayNote} mayWrite={mayWrite} undone={undone.has(entry.data.merge_id)} />,
              ];
            })}
          </ol>
          {query.hasNextPage && <button type="button" className={classes.older} disabled={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>{t(query.isFetchingNextPage ? 'timeline.loading' : 'timeline.older')}</button>}
          {query.data && !query.hasNextPage && entries.length > 0 && !filtered && <p className={classes.end}>{t('timeline.end')}</p>}
        </div>
      </div>
    </section>
  );
}

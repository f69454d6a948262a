/** Columns of the contact table: the fixed ones, and one for each attribute. */
import { IconBan } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import type { TFunction } from 'i18next';
import type { Attribute, Contact } from '../../api/contactTypes';
import { Avatar } from '../../ui/Avatar';
import { ChannelIcon } from '../../ui/ChannelIcon';
import type { Column } from '../../ui/DataTable';
import { absoluteTime, relativeTime } from '../../ui/time';
import { useNow } from '../../ui/useNow';
import classes from './contacts.module.css';
import { channelsOf, languageName, titleOf, valueWords } from './words';

const TAGS_SHOWN = 3;
export const DEFAULT_COLUMNS = ['name', 'number', 'channels', 'tags', 'language', 'inbound', 'created'];

interface Told { t: TFunction; zone: string }

function Name({ row, noName }: { row: Contact; noName: string }) {
  const title = titleOf(row);
  return (
    <>
      <Avatar name={row.name} id={row.id} size={24} />
      <Link to="/contacts/$contactId" params={{ contactId: row.id }} className={classes.nameLink} data-bare={row.name === '' || undefined} preload={false}>
        <bdi dir={row.name ? undefined : 'ltr'}>{title || noName}</bdi>
      </Link>
    </>
  );
}

function Channels({ row, t }: { row: Contact; t: Told['t'] }) {
  return channelsOf(row.addresses).map((kind) => {
    const out = row.consents[kind] === 'opted_out';
    const given = row.consents[kind] === 'opted_in';
    const channel = t(`common:channel.${kind}`, kind);
    const words = out ? t('contacts:cell.optedOutOf', { channel }) : given ? t('contacts:cell.optedInTo', { channel }) : channel;
    return (
      <span key={kind} className={classes.channel} data-state={row.consents[kind]} title={words}>
        <ChannelIcon kind={kind} size={16} />
        {out && <IconBan size={11} className={classes.channelBan} role="img" aria-label={t('contacts:consent.opted_out')} />}
      </span>
    );
  });
}

function Tags({ tags }: { tags: string[] }) {
  const more = tags.length - TAGS_SHOWN;
  return (
    <>
      {tags.slice(0, TAGS_SHOWN).map((tag) => <span key={tag} className={classes.tag}><bdi>{tag}</bdi></span>)}
      {more > 0 && <span className={classes.more} title={tags.slice(TAGS_SHOWN).join(', ')}>{`+${more}`}</span>}
    </>
  );
}

function Time({ at, zone }: { at: string | null; zone: string }) {
  const now = useNow();
  if (!at) return null;
  return <time dateTime={at} title={absoluteTime(at, zone)}>{relativeTime(at, Math.max(now, Date.parse(at)))}</time>;
}

function Consents({ row, t }: { row: Contact; t: Told['t'] }) {
  const of = (state: string): string => Object.entries(row.consents).filter(([, value]) => value === state).map(([kind]) => t(`common:channel.${kind}`, kind)).join(', ');
  const [given, out] = [of('opted_in'), of('opted_out')];
  return (
    <>
      {given && <span className={classes.given}>{given}</span>}
      {out && <span className={classes.out}><IconBan size={12} aria-hidden />{t('contacts:cell.out', { channels: out })}</span>}
    </>
  );
}

/** All columns there are, the fixed ones first. */
export function allColumns({ t, zone }: Told, attributes: Attribute[]): Column<Contact>[] {
  const words = { yes: t('contacts:value.yes'), no: t('contacts:value.no') };
  return [
    { id: 'name', label: t('contacts:column.name'), width: 180, grow: 2, sortKey: 'name', cell: (row) => <Name row={row} noName={t('contacts:cell.noName')} /> },
    { id: 'number', label: t('contacts:column.number'), width: 136, cell: (row) => row.phone && <span dir="ltr">{row.phone}</span> },
    { id: 'channels', label: t('contacts:column.channels'), width: 104, cell: (row) => <Channels row={row} t={t} /> },
    { id: 'tags', label: t('contacts:column.tags'), width: 160, grow: 1.4, cell: (row) => <Tags tags={row.tags} /> },
    { id: 'consent', label: t('contacts:column.consent'), width: 180, grow: 1, cell: (row) => <Consents row={row} t={t} /> },
    { id: 'language', label: t('contacts:column.language'), width: 92, cell: (row) => row.language && languageName(row.language) },
    { id: 'zone', label: t('contacts:column.zone'), width: 150, cell: (row) => row.time_zone && row.time_zone.replaceAll('_', ' ') },
    { id: 'inbound', label: t('contacts:column.inbound'), width: 104, end: true, cell: (row) => <Time at={row.last_inbound_at} zone={zone} /> },
    { id: 'created', label: t('contacts:column.created'), width: 96, end: true, sortKey: 'created', cell: (row) => <Time at={row.created_at} zone={zone} /> },
    ...attributes.map((attribute): Column<Contact> => ({
      id: `attribute.${attribute.key}`,
      label: attribute.label,
      width: attribute.type === 'text' ? 150 : 110,
      grow: attribute.type === 'text' ? 1 : undefined,
      end: attribute.type === 'number',
      cell: (row) => {
        const value = row.attributes[attribute.key];
        return value === undefined || value === null ? null : <span className={classes.cut} dir="auto">{valueWords(value, attribute.type, words)}</span>;
      },
    })),
  ];
}

/** The chosen columns in their order; the name is always there, and first. */
export function chosenColumns(all: Column<Contact>[], cols: string | undefined): Column<Contact>[] {
  const ids = ['name', ...(cols?.split(',') ?? DEFAULT_COLUMNS).filter((id) => id !== 'name')];
  return [...new Set(ids)].flatMap((id) => all.find((column) => column.id === id) ?? []);
}

import {
  IconAddressBook, IconArrowBackUp, IconArrowNarrowRight, IconArrowDownLeft, IconArrowUpRight, IconArrowsExchange, IconArrowsJoin, IconArrowsSplit, IconBolt, IconCheck, IconFileImport, IconHierarchy2, IconNote, IconPencil, IconPhone,
  IconShieldCheck, IconSpeakerphone, IconStar, IconTag, IconUserCheck, type Icon,
} from '@tabler/icons-react';
import { Button } from '@mantine/core';
import { memo, useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { undoMerge } from '../../../api/contacts';
import type { Attribute, ContactDetail, TimelineEntry } from '../../../api/contactTypes';
import { useMe } from '../../../app/session';
import { absoluteTime, clockTime } from '../../../ui/time';
import { toast, toastProblem } from '../../../ui/toast';
import { useContactsAgain } from '../MergeDialog';
import { titleOf } from '../words';
import { MessageBody } from './MessageEntry';
import { NoteBody } from './Notes';
import classes from './timeline.module.css';
import { actorWords, changesOf, propertiesOf, sentence } from './timelineWords';

const ICONS: Record<string, Icon> = {
  note: IconNote, attributes: IconPencil, tags: IconTag, address: IconAddressBook, consent: IconShieldCheck, merge: IconArrowsJoin, unmerge: IconArrowsSplit, import: IconFileImport, assigned: IconUserCheck,
  transferred: IconArrowsExchange, closed: IconCheck, reopened: IconArrowBackUp, tagged: IconTag, rated: IconStar, call: IconPhone, flow: IconHierarchy2, campaign: IconSpeakerphone, event: IconBolt,
};

interface Props { entry: TimelineEntry; contact: ContactDetail; attributes: Attribute[]; mayNote: boolean; mayWrite: boolean; undone: boolean }

function Changes({ entry, attributes }: Pick<Props, 'entry' | 'attributes'>) {
  const { t } = useTranslation('contacts');
  return (
    <dl className={classes.changes}>
      {changesOf(t, entry.data, attributes).map(({ name, before, after }) => (
        <div key={name}>
          <dt><bdi>{name}</bdi></dt>
          <dd>
            {before !== null && <s dir="auto">{before}</s>}
            {before !== null && after !== null && <><IconArrowNarrowRight size={14} className={classes.arrow} aria-hidden /><span className="visually-hidden">{t('said.to')}</span></>}
            {after !== null && <span dir="auto">{after}</span>}
          </dd>
        </div>
      ))}
    </dl>
  );
}

function UndoMerge({ entry, contact }: Pick<Props, 'entry' | 'contact'>) {
  const { t } = useTranslation('contacts');
  const again = useContactsAgain();
  const [busy, setBusy] = useState(false);
  const { merge_id, loser_id } = entry.data;
  if (typeof merge_id !== 'string') return null;
  const run = async (): Promise<void> => {
    setBusy(true);
    try {
      await undoMerge(merge_id);
      toast(t('merge.undone'));
    } catch (error) {
      toastProblem(t, t('merge.notUndone'), error);
    }
    setBusy(false);
    again(contact.id, ...(typeof loser_id === 'string' ? [loser_id] : []));
  };
  return <Button size="xs" variant="default" loading={busy} leftSection={<IconArrowBackUp size={14} aria-hidden />} onClick={() => void run()}>{t('merge.undo')}</Button>;
}

function details({ entry, contact, attributes, mayNote, mayWrite, undone }: Props): ReactNode {
  const { kind, data } = entry;
  switch (kind) {
    case 'attributes': return <Changes entry={entry} attributes={attributes} />;
    case 'note': return <NoteBody entry={entry} contact={contact} mayNote={mayNote} />;
    case 'merge': return mayWrite && !undone ? <UndoMerge entry={entry} contact={contact} /> : null;
    case 'consent': return typeof data.proof === 'string' && data.proof !== '' ? <q className={classes.proof} dir="auto">{data.proof}</q> : null;
    case 'event': {
      const properties = propertiesOf(data);
      return properties.length === 0 ? null : <dl className={classes.changes}>{properties.map(({ name, value }) => <div key={name}><dt>{name}</dt><dd dir="auto">{value}</dd></div>)}</dl>;
    }
    default: return null;
  }
}

/** One thing that happened. */
export const Entry = memo(function Entry(props: Props) {
  const { entry, contact, attributes } = props;
  const { t } = useTranslation('contacts');
  const me = useMe();
  const zone = me.tenant.time_zone;
  const message = entry.kind === 'message';
  const Glyph = message ? (entry.data.direction === 'in' ? IconArrowDownLeft : IconArrowUpRight) : (ICONS[entry.kind] ?? IconPencil);
  return (
    <li className={classes.entry} data-kind={entry.kind} data-entry={entry.id} data-direction={typeof entry.data.direction === 'string' ? entry.data.direction : undefined}>
      <span className={classes.glyph} aria-hidden><Glyph size={15} stroke={1.75} /></span>
      <div className={classes.body}>
        {message ? <MessageBody entry={entry} contact={contact} /> : (
          <>
            <p className={classes.said}><strong><bdi>{actorWords(t, entry, titleOf(contact))}</bdi></strong> {sentence(t, entry, attributes)}</p>
            {details(props)}
          </>
        )}
      </div>
      <time className={classes.time} dateTime={entry.at} title={absoluteTime(entry.at, zone)}>{clockTime(entry.at, zone)}</time>
    </li>
  );
});

import { IconArrowForward, IconFlag3, IconNote } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { memo, type CSSProperties } from 'react';
import { useTranslation } from 'react-i18next';
import type { Conversation } from '../../api/types';
import { draftKey, readDraft } from '../../app/drafts';
import { useMe } from '../../app/session';
import { BareBox } from '../../ui/CheckBox';
import { Avatar } from '../../ui/Avatar';
import { ChannelIcon } from '../../ui/ChannelIcon';
import { When } from '../../ui/When';
import { intentName } from '../../ui/words';
import classes from './inbox.module.css';
import { Flood } from './Flood';
import { RowTags } from './Tags';
import { ServiceLevel } from './ServiceLevel';

interface RowProps { chosen: boolean; onChoose: ((id: string, range: boolean) => void) | null; row: Conversation; view: string; q: string | undefined; open: boolean; cursor: boolean; at: number; style: CSSProperties }

export const ConversationRow = memo(function ConversationRow({ row, view, q, open, cursor, at, style, chosen, onChoose }: RowProps) {
  const { t } = useTranslation('inbox');
  const me = useMe();
  const name = row.contact.name || row.contact.address || '';
  const draft = !open && readDraft(draftKey(me.tenant.id, me.user?.id ?? '', row.id)) !== '';
  return (
    <li className={classes.item} style={style} aria-posinset={at + 1} data-conversation={row.id} data-chosen={chosen || undefined}>
      <Link
        to="/inbox/$view/$conversation"
        params={{ view, conversation: row.id }}
        search={q ? { q } : {}}
        className={classes.row}
        data-open={open || undefined}
        data-cursor={cursor || undefined}
        data-unread={row.unread > 0 || undefined}
        aria-current={open ? 'true' : undefined}
        preload={false}
      >
        <Avatar name={name} id={row.contact.id} size={34} />
        <span className={classes.rowMain}>
          <span className={classes.rowTop}>
            <span className={classes.rowName}><bdi>{name}</bdi></span>
            {row.last_at && <span className={classes.rowTime}><When at={row.last_at} /></span>}
          </span>
          <span className={classes.rowBottom}>
            <ChannelIcon kind={row.channel?.kind ?? 'sms'} size={13} />
            {row.last_direction === 'out' && !draft && <IconArrowForward size={13} role="img" aria-label={t('list.outgoing')} />}
            {draft && <span className={classes.draft}>{t('list.draft')}</span>}
            <span className={classes.rowText} dir="auto">{row.last_text}</span>
            {row.unread > 0 && <span className={classes.unread}>{row.unread}<span className="visually-hidden"> {t('list.unread')}</span></span>}
          </span>
          <span className={classes.rowExtra}>
            {row.priority > 0 && <span className={classes.rowPriority} data-priority={row.priority}><IconFlag3 size={12} aria-hidden />{t(`common:priority.${row.priority}`)}</span>}
            {row.intent && !row.handed_on && <span className={classes.rowIntent}>{intentName(row.intent)}</span>}
            {row.handed_on && <span className={classes.rowNote} title={row.handed_on.text}><IconNote size={12} aria-hidden /><bdi>{row.handed_on.text}</bdi></span>}
            {!row.handed_on && <RowTags tags={row.tags} />}
            <Flood row={row} />
            <ServiceLevel row={row} brief />
            {row.assignee && <span className={classes.rowOwner}>{row.assignee.id === me.user?.id ? t('list.you') : row.assignee.name}</span>}
          </span>
        </span>
      </Link>
      {onChoose && (
        <span className={classes.pick}>
          <BareBox label={t('bulk.choose', { name })} checked={chosen} onChange={(event) => onChoose(row.id, 'shiftKey' in event.nativeEvent && event.nativeEvent.shiftKey === true)} />
        </span>
      )}
    </li>
  );
});

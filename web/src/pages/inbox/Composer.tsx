import { ActionIcon, Button, Menu, Textarea } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { IconBan, IconChevronDown, IconPaperclip, IconPencil, IconSend, IconUser } from '@tabler/icons-react';
import { lazy, Suspense, useRef, useState, type ClipboardEvent, type DragEvent, type KeyboardEvent, type RefObject } from 'react';
import { useTranslation } from 'react-i18next';
import { idempotencyKey } from '../../api/client';
import { waysQuery } from '../../api/desk';
import { channelsQuery } from '../../api/queries';
import type { Channel, Conversation, ReplyContent } from '../../api/types';
import { showTyping } from '../../api/writes';
import { newestMessage, putMessage } from '../../app/liveCache';
import { typists } from '../../app/typists';
import { useStore } from '../../app/store';
import { useMe } from '../../app/session';
import { ChannelIcon } from '../../ui/ChannelIcon';
import { Status } from '../../ui/Status';
import { useNow } from '../../ui/useNow';
import { attempt, enqueue, type Outgoing } from './outbox';
import { useSavedReplies } from './SavedReplies';
import { plainText, smsParts } from './smsParts';
import classes from './thread.module.css';
import { CAPTION_CHARS_MAX, mediaContent, useAttachment } from './useAttachment';

const AttachedFile = lazy(() => import('./AttachedFile'));
const TemplateDialog = lazy(() => import('./TemplateDialog'));
const CHARS_MAX = 4096;
const WARN = 0.9;
const HOUR_MS = 3_600_000;
const SMS_PARTS_MAX = 10;

/** Characters, and for SMS the alphabet and the parts that will be paid. */
function Counter({ text, kind }: { text: string; kind: string }) {
  const { t } = useTranslation('inbox');
  const { characters, encoding, parts, left } = smsParts(text);
  if (characters === 0) return <span className={classes.counter} />;
  const level = (used: number, max: number): string | undefined => (used > max ? 'over' : used > max * WARN ? 'near' : undefined);
  if (kind !== 'sms') return <span className={classes.counter} data-level={level(characters, CHARS_MAX)}>{t('composer.characters', { count: characters })}</span>;
  return (
    <span className={classes.counter} data-level={level(parts, SMS_PARTS_MAX)} title={t('composer.left', { count: left })}>
      {t('composer.characters', { count: characters })} · {encoding} · {t('composer.parts', { count: parts })}
    </span>
  );
}

/** Names the character that makes an SMS dearer, and replaces it where a plain one says the same. */
function Culprit({ text, onReplace }: { text: string; onReplace: (text: string) => void }) {
  const { t } = useTranslation('inbox');
  const { culprit, parts } = smsParts(text);
  const plain = plainText(text);
  if (!culprit || (!plain && parts < 2)) return null;
  return (
    <div className={classes.culprit}>
      {t('composer.culprit', { char: culprit.trim() || 'TAB' })}
      {plain && <button type="button" className={classes.replace} onClick={() => onReplace(plain)}>{t('composer.replace')}</button>}
    </div>
  );
}

function ChannelPicker({ channels, chosen, onChange }: { channels: Channel[]; chosen: Channel | undefined; onChange: (id: string) => void }) {
  const { t } = useTranslation('inbox');
  if (!chosen) return null;
  const label = (channel: Channel): string => `${t(`common:channel.${channel.kind}`, channel.kind)} · ${channel.name}`;
  if (channels.length < 2) {
    return <span className={classes.channelLabel}><ChannelIcon kind={chosen.kind} /> {chosen.name}</span>;
  }
  return (
    <Menu position="top-start">
      <Menu.Target>
        <button type="button" className={classes.channelButton} aria-label={t('composer.channel', { channel: label(chosen) })}>
          <ChannelIcon kind={chosen.kind} />
          <span>{label(chosen)}</span>
          <IconChevronDown size={14} aria-hidden />
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        {channels.map((channel) => (
          <Menu.Item key={channel.id} leftSection={<ChannelIcon kind={channel.kind} />} onClick={() => onChange(channel.id)}>
            {label(channel)}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

interface ComposerProps {
  conversation: Conversation;
  draft: [string, (text: string) => void];
  field: RefObject<HTMLTextAreaElement | null>;
  onClose: () => void;
}

/** Channels a person can write on, the one of the conversation first. */
function useChannels(conversation: Conversation): { channels: Channel[]; chosen: Channel | undefined; choose: (id: string) => void } {
  const { data } = useQuery(channelsQuery);
  const [own, setOwn] = useState<string | null>(null);
  const channels = (data?.items ?? []).filter((channel) => channel.status === 'active' && channel.kind !== 'voice');
  const chosen = channels.find((channel) => channel.id === (own ?? conversation.channel?.id)) ?? channels[0];
  return { channels, chosen, choose: setOwn };
}

const TYPING_MS = 4_000;

/** Lets colleagues see that somebody writes, and the person where the channel shows it. A mark that does not arrive is no loss. */
function useTyping(conversationId: string): () => void {
  const told = useRef({ conversationId: '', at: 0 });
  return () => {
    const now = Date.now();
    if (told.current.conversationId === conversationId && now - told.current.at < TYPING_MS) return;
    told.current = { conversationId, at: now };
    void showTyping(conversationId).catch(() => undefined);
  };
}

/** That a colleague has the conversation: two people who answer at once see it before they send. */
function Owner({ conversation }: { conversation: Conversation }) {
  const { t } = useTranslation('inbox');
  const me = useMe();
  const owner = conversation.assignee;
  return (
    <div role="status" data-testid="owner">
      {owner && owner.id !== me.user?.id && (
        <div className={classes.owner}><Status tone="info" icon={<IconUser size={13} aria-hidden />}>{t('composer.owned', { name: owner.name })}</Status></div>
      )}
    </div>
  );
}

/** That a colleague writes in the conversation just now. */
function Colleagues({ conversation }: { conversation: Conversation }) {
  const { t } = useTranslation('inbox');
  const me = useMe();
  const writing = useStore(typists.of(conversation.id)).filter(({ id }) => id !== me.user?.id);
  return (
    <div role="status" data-testid="writing">
      {writing[0] && (
        <div className={classes.owner}><Status tone="warning" icon={<IconPencil size={13} aria-hidden />}>{t('composer.writing', { count: writing.length, name: writing[0].name })}</Status></div>
      )}
    </div>
  );
}

/** WhatsApp's window: shut, it takes only templates, as the person has not written there for 24 hours; open, for how many hours. */
function useWindow(conversation: Conversation, chosen: Channel | undefined): { shut: boolean; hours: number | null } {
  const { data } = useQuery({ ...waysQuery(conversation.id, conversation.last_at), enabled: chosen?.kind === 'whatsapp' });
  const way = chosen?.kind === 'whatsapp' ? data?.items.find((one) => one.channel.id === chosen.id) : undefined;
  const now = useNow();
  const over = way?.open_until ? Date.parse(way.open_until) <= now : false;
  const hours = way?.open_until ? Math.ceil((Date.parse(way.open_until) - now) / HOUR_MS) : null;
  return { shut: way?.allows === 'templates' || over, hours: over ? null : hours };
}

export function Composer({ conversation, draft: [text, setText], field, onClose }: ComposerProps) {
  const { t } = useTranslation('inbox');
  const client = useQueryClient();
  const { channels, chosen, choose } = useChannels(conversation);
  const kind = chosen?.kind ?? conversation.channel?.kind ?? 'sms';
  const typing = useTyping(conversation.id);
  const blocked = conversation.opted_out.includes(kind);
  const attachment = useAttachment();
  const [choosing, setChoosing] = useState(false);
  const picker = useRef<HTMLInputElement>(null);
  const { shut, hours } = useWindow(conversation, chosen);
  const medium = attachment.file?.medium;
  const carried = !attachment.file || Boolean(medium && (kind === 'sms' || medium.channels.includes(kind)));
  const most = medium ? CAPTION_CHARS_MAX : CHARS_MAX;
  const tooLong = kind === 'sms' ? smsParts(text).parts > SMS_PARTS_MAX : [...text].length > most;
  const sendable = (text.trim() !== '' || Boolean(medium)) && carried && !blocked && !tooLong && !shut;
  const send = async (thenClose: boolean): Promise<void> => {
    if (!sendable) return;
    const content = medium && mediaContent(medium, text.trim());
    setText('');
    attachment.remove();
    await leave(medium ? text || medium.filename : text, content, thenClose);
  };
  const leave = async (words: string, content: ReplyContent | undefined, thenClose: boolean): Promise<void> => {
    const entry: Outgoing = { key: idempotencyKey(), text: words, ...(content ? { content } : {}), channelId: chosen?.id ?? null, channelKind: kind, seen: newestMessage(client, conversation.id), createdAt: new Date().toISOString(), state: 'sending', problem: null };
    enqueue(conversation.id, entry);
    field.current?.focus();
    const message = await attempt(conversation.id, entry, (row) => putMessage(client, conversation.id, row));
    // A reply that did not leave keeps its conversation open: somebody has to look at it.
    if (thenClose && message && message.status !== 'refused') onClose();
  };
  const replies = useSavedReplies(conversation, text, setText, field);
  const onKeyDown = (event: KeyboardEvent): void => {
    if (replies.onKeyDown(event)) return;
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey) && !event.nativeEvent.isComposing) {
      event.preventDefault();
      void send(event.shiftKey);
    } else if (event.key === 'Escape') {
      field.current?.blur();
    }
  };
  const fromClipboard = (event: ClipboardEvent): void => {
    const [file] = event.clipboardData.files;
    if (!file) return;
    event.preventDefault();
    attachment.attach(file);
  };
  const dropped = (event: DragEvent): void => {
    if (event.dataTransfer.files.length === 0) return; // words that are dragged are the field's own
    event.preventDefault();
    attachment.attach(event.dataTransfer.files[0]);
  };
  return (
    <>
    {replies.chips}
    <form
      className={classes.composer}
      aria-label={t('composer.label')}
      onSubmit={(event) => {
        event.preventDefault();
        void send(false);
      }}
    >
      {blocked && (
        <div className={classes.blocked}>
          <Status tone="human" icon={<IconBan size={13} aria-hidden />}>{t('composer.optedOut')}</Status>
          <span>{t('composer.optedOutText', { channel: t(`common:channel.${kind}`, kind) })}</span>
        </div>
      )}
      {shut && !blocked && (
        <div className={classes.blocked} role="status">
          <span>{t('template.shut')}</span>
          <Button size="compact-sm" variant="default" onClick={() => setChoosing(true)}>{t('template.choose')}</Button>
        </div>
      )}
      <Owner conversation={conversation} />
      <Colleagues conversation={conversation} />
      {replies.list}
      <Textarea
        {...replies.aria}
        ref={field}
        variant="unstyled"
        autosize
        minRows={2}
        maxRows={9}
        dir="auto"
        aria-label={t('composer.field', { name: conversation.contact.name || conversation.contact.address || '' })}
        placeholder={t('composer.placeholder')}
        value={text}
        onChange={(event) => {
          setText(event.currentTarget.value);
          if (event.currentTarget.value !== '') typing();
        }}
        onKeyDown={onKeyDown}
        onPaste={fromClipboard}
        onDragOver={(event) => event.dataTransfer.types.includes('Files') && event.preventDefault()}
        onDrop={dropped}
        classNames={{ input: classes.field }}
      />
      {attachment.file && <Suspense><AttachedFile attachment={attachment} channel={kind} /></Suspense>}
      {kind === 'sms' && <Culprit text={text} onReplace={setText} />}
      <div className={classes.composerBar}>
        <input
          ref={picker}
          type="file"
          hidden
          data-testid="attach"
          onChange={(event) => {
            attachment.attach(event.currentTarget.files?.[0]);
            event.currentTarget.value = '';
            field.current?.focus();
          }}
        />
        <ActionIcon variant="subtle" color="gray" size={28} aria-label={t('attach.do')} title={t('attach.do')} onClick={() => picker.current?.click()}><IconPaperclip size={17} aria-hidden /></ActionIcon>
        <ChannelPicker channels={channels} chosen={chosen} onChange={choose} />
        {hours !== null && <span className={classes.window} title={t('template.windowHint')}>{t('template.window', { count: hours })}</span>}
        <Counter text={text} kind={kind} />
        <span className={classes.sendGroup}>
          <Button type="submit" disabled={!sendable} rightSection={<IconSend size={15} aria-hidden />} title={t('composer.sendKeys')}>{t('composer.send')}</Button>
          <Menu position="top-end">
            <Menu.Target>
              <ActionIcon size={32} variant="default" aria-label={t('composer.more')}><IconChevronDown size={16} aria-hidden /></ActionIcon>
            </Menu.Target>
            <Menu.Dropdown>
              <Menu.Item disabled={!sendable} onClick={() => void send(true)} rightSection={<kbd>{t('composer.sendCloseKeys')}</kbd>}>{t('composer.sendClose')}</Menu.Item>
              {kind === 'whatsapp' && <Menu.Item onClick={() => setChoosing(true)}>{t('template.choose')}</Menu.Item>}
            </Menu.Dropdown>
          </Menu>
        </span>
      </div>
    </form>
    {choosing && (
      <Suspense>
        <TemplateDialog
          conversation={conversation}
          accountId={chosen?.account_id}
          onClose={() => setChoosing(false)}
          onSend={(content, words) => {
            setChoosing(false);
            void leave(words, content, false);
          }}
        />
      </Suspense>
    )}
    </>
  );
}

import { Button, Modal, TextInput, UnstyledButton } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { IconArrowLeft, IconPaperclip, IconSearch } from '@tabler/icons-react';
import { useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { templatesQuery } from '../../api/flows';
import type { Conversation, ProviderTemplate, ReplyContent } from '../../api/types';
import { ProblemAlert } from '../../ui/ProblemAlert';
import AttachedFile from './AttachedFile';
import classes from './replies.module.css';
import { contentOf, mediumOf, placesOf, textOf, usable, type Place } from './templates';
import { useAttachment } from './useAttachment';

interface Props { conversation: Conversation; accountId: string | undefined; onClose: () => void; onSend: (content: NonNullable<ReplyContent>, words: string) => void }

/** A name in a place that is called so: the first guess of whoever fills it in. */
const guess = (place: Place, name: string): string => (/name/i.test(place.name) ? (/first/i.test(place.name) ? (name.split(' ')[0] ?? '') : name) : '');

function Fill({ template, conversation, onBack, onSend }: { template: ProviderTemplate; conversation: Conversation; onBack: () => void; onSend: Props['onSend'] }) {
  const { t } = useTranslation('inbox');
  const places = placesOf(template);
  const [values, setValues] = useState<Record<string, string>>(() => Object.fromEntries(places.map((place) => [place.key, guess(place, conversation.contact.name ?? '')])));
  const attachment = useAttachment();
  const picker = useRef<HTMLInputElement>(null);
  const needed = mediumOf(template);
  const medium = attachment.file?.medium ?? null;
  const ready = places.every((place) => values[place.key]?.trim()) && (!needed || medium?.kind === needed);
  const label = (place: Place): string => (place.part === 'button' ? t('template.link', { title: place.title }) : place.part === 'header' ? t('template.header') : t('template.value', { place: place.name }));
  return (
    <form className={classes.fill} onSubmit={(event) => {
      event.preventDefault();
      if (ready) onSend(contentOf(template, values, medium), textOf(template, values));
    }}>
      <Button variant="subtle" size="compact-sm" leftSection={<IconArrowLeft size={15} aria-hidden />} onClick={onBack} className={classes.fillBack}>{`${template.name} (${template.language})`}</Button>
      {places.map((place, at) => (
        <TextInput key={place.key} data-autofocus={at === 0 || undefined} label={label(place)} maxLength={1_024} required value={values[place.key] ?? ''} onChange={(event) => {
          const { value } = event.currentTarget;
          setValues((was) => ({ ...was, [place.key]: value }));
        }} />
      ))}
      {needed && (
        <>
          <input ref={picker} type="file" hidden onChange={(event) => attachment.attach(event.currentTarget.files?.[0])} />
          <Button variant="default" size="sm" leftSection={<IconPaperclip size={15} aria-hidden />} onClick={() => picker.current?.click()}>{t('template.medium')}</Button>
          <AttachedFile attachment={attachment} channel="whatsapp" />
        </>
      )}
      <div>
        <p className={classes.fillLabel}>{t('template.preview')}</p>
        <div className={classes.fillText} dir="auto" data-testid="template-preview">{textOf(template, values)}</div>
      </div>
      <Button type="submit" disabled={!ready} data-autofocus={places.length === 0 || undefined}>{t('template.send')}</Button>
    </form>
  );
}

/** Chooses an approved template, fills it in and sends it. */
export default function TemplateDialog({ conversation, accountId, onClose, onSend }: Props) {
  const { t } = useTranslation('inbox');
  const { data, error, refetch } = useQuery(templatesQuery);
  const [search, setSearch] = useState('');
  const [chosen, setChosen] = useState<ProviderTemplate | null>(null);
  const all = (data?.items ?? []).filter((one) => one.account_id === accountId && usable(one));
  const found = all.filter((one) => `${one.name} ${textOf(one, {})}`.toLowerCase().includes(search.trim().toLowerCase()));
  return (
    <Modal opened onClose={onClose} title={t('template.title')} size="md" closeButtonProps={{ 'aria-label': t('common:action.close') }}>
      {error && !data && <ProblemAlert error={error} onRetry={() => void refetch()} />}
      {!data && !error && <div aria-busy className="skeleton" style={{ height: 120 }} />}
      {data && all.length === 0 && <p>{t('template.none')}</p>}
      {chosen && <Fill template={chosen} conversation={conversation} onBack={() => setChosen(null)} onSend={onSend} />}
      {!chosen && all.length > 0 && (
        <>
          <TextInput data-autofocus leftSection={<IconSearch size={15} aria-hidden />} aria-label={t('template.search')} placeholder={t('template.search')} value={search} onChange={(event) => setSearch(event.currentTarget.value)} />
          {found.length === 0 && <p>{t('template.noneFound')}</p>}
          <ul className={classes.templates}>
            {found.map((one) => (
              <li key={one.id}>
                <UnstyledButton className={classes.template} onClick={() => setChosen(one)}>
                  <b>{one.name}</b> <small>{one.language} · {one.category.toLowerCase()}</small>
                  <span dir="auto">{textOf(one, {})}</span>
                </UnstyledButton>
              </li>
            ))}
          </ul>
        </>
      )}
    </Modal>
  );
}

import { IconAddressBook, IconCalendarPlus, IconCornerDownLeft, IconExternalLink, IconForms, IconHandClick, IconMapPin, IconMapShare, IconPhone, IconTemplate, type Icon } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { CallCard } from './CallCard';
import { answersOf, mapUrl, type CardBody, type RichContent as Content, type Suggestion } from './content';
import { MediaView, RemotePicture } from './MediaView';
import classes from './richContent.module.css';

const ICONS: Record<Suggestion['type'] & string, Icon> = { reply: IconCornerDownLeft, open_url: IconExternalLink, dial: IconPhone, view_location: IconMapPin, share_location: IconMapShare, create_event: IconCalendarPlus };

/** Buttons as the person sees them. They are pictures of buttons: nobody presses them here. */
function Suggestions({ items }: { items: readonly Suggestion[] | undefined }) {
  const { t } = useTranslation('inbox');
  if (!items || items.length === 0) return null;
  return (
    <ul className={classes.suggestions} aria-label={t('rich.buttons')}>
      {items.map((item, at) => {
        const Glyph = ICONS[item.type ?? 'reply'];
        return <li key={`${item.title} ${at}`}><Glyph size={14} aria-hidden />{item.title}</li>;
      })}
    </ul>
  );
}

function CardView({ card }: { card: CardBody }) {
  return (
    <div className={classes.card}>
      {card.media_url && <RemotePicture url={card.media_url} />}
      {card.title && <strong dir="auto">{card.title}</strong>}
      {card.description && <p dir="auto">{card.description}</p>}
      <Suggestions items={card.suggestions} />
    </div>
  );
}

function Place({ latitude, longitude, name, address }: { latitude: number; longitude: number; name?: string | undefined; address?: string | undefined }) {
  const { t } = useTranslation('inbox');
  return (
    <div className={classes.place}>
      <IconMapPin size={20} aria-hidden />
      <span>
        {name && <strong dir="auto">{name}</strong>}
        {address && <span dir="auto">{address}</span>}
        <a href={mapUrl(latitude, longitude)} target="_blank" rel="noopener noreferrer" className={classes.link}>{t('rich.map', { place: `${latitude.toFixed(5)}, ${longitude.toFixed(5)}` })}</a>
      </span>
    </div>
  );
}

function Labelled({ icon: Glyph, label, children }: { icon: Icon; label: string; children: React.ReactNode }) {
  return (
    <div className={classes.labelled}>
      <span className={classes.label}><Glyph size={14} aria-hidden />{label}</span>
      {children}
    </div>
  );
}

interface Props { content: Content; body: string; messageId: string; out: boolean }

/** A message that is more than its text, drawn as a handset would, as far as that serves who answers it. */
export function RichContent({ content, body, messageId, out }: Props) {
  const { t } = useTranslation('inbox');
  switch (content.type) {
    case 'media': return <><MediaView content={content} /><Suggestions items={content.suggestions} /></>;
    case 'choices': return (
      <div className={classes.choices}>
        {content.header && <strong dir="auto">{content.header}</strong>}
        <p dir="auto">{content.text}</p>
        {content.footer && <small dir="auto">{content.footer}</small>}
        <Suggestions items={content.choices} />
      </div>
    );
    case 'card': return <><CardView card={content.card} /><Suggestions items={content.suggestions} /></>;
    case 'carousel': return (
      <>
        <div className={classes.carousel} role="group" aria-label={t('rich.carousel', { count: content.cards.length })} tabIndex={0}>
          {content.cards.map((card, at) => <CardView key={`${card.title} ${at}`} card={card} />)}
        </div>
        <Suggestions items={content.suggestions} />
      </>
    );
    case 'location': return <Place latitude={content.latitude} longitude={content.longitude} name={content.name} address={content.address} />;
    case 'reaction': return <span className={classes.reaction}>{content.emoji || t('rich.reactionGone')}</span>;
    case 'template': return <Labelled icon={IconTemplate} label={t('rich.template', { name: content.name, language: content.language })}><p dir="auto">{content.text || body}</p></Labelled>;
    case 'call': return <CallCard content={content} body={body} messageId={out ? messageId : null} />;
    case 'reply':
    case 'action': return <Labelled icon={IconHandClick} label={t('rich.tapped')}><p dir="auto"><strong>{content.title || body}</strong>{content.description && <> · {content.description}</>}</p></Labelled>;
    case 'form': return (
      <Labelled icon={IconForms} label={content.title || t('rich.form')}>
        <dl className={classes.answers}>{answersOf(content.answers).map(([name, value]) => <div key={name}><dt>{name}</dt><dd dir="auto">{value}</dd></div>)}</dl>
      </Labelled>
    );
    case 'contacts': return (
      <Labelled icon={IconAddressBook} label={t('rich.contacts')}>
        {content.contacts.map((card, at) => <p key={`${card.name} ${at}`}><strong dir="auto">{card.name}</strong> <span dir="ltr">{card.phones.join(', ')}</span></p>)}
      </Labelled>
    );
    case 'unsupported': return <em>{t('rich.unsupported', { kind: content.kind || t('rich.somethingElse') })}</em>;
    default: return <><p dir="auto">{content.text}</p><Suggestions items={content.suggestions} /></>;
  }
}


import { IconFile, IconPhotoOff, IconPhoto } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { hostOf, type MediaContent } from './content';
import classes from './richContent.module.css';

/** A file of our library; its address needs the session, so that no link leaves the page. */
const fileUrl = (mediaId: string): string => `/v1/media/${encodeURIComponent(mediaId)}/content`;

/** A picture on somebody else's server is not fetched: who reads here would be seen there. Its address is given instead. */
export function RemotePicture({ url }: { url: string }) {
  const { t } = useTranslation('inbox');
  const host = hostOf(url);
  return (
    <div className={classes.remote}>
      <IconPhoto size={20} aria-hidden />
      {host ? <a href={url} target="_blank" rel="noopener noreferrer" className={classes.link}>{t('rich.pictureAt', { host })}</a> : <span>{t('rich.picture')}</span>}
    </div>
  );
}

function Missing() {
  const { t } = useTranslation('inbox');
  return <span className={classes.missing}><IconPhotoOff size={18} aria-hidden />{t('rich.notHere')}</span>;
}

function Shown({ content, mediaId }: { content: MediaContent; mediaId: string }) {
  const { t } = useTranslation('inbox');
  const [lost, setLost] = useState(false);
  const url = fileUrl(mediaId);
  const name = content.filename || t(`rich.kind.${content.media}`);
  if (lost) return <Missing />;
  switch (content.media) {
    case 'image':
    case 'sticker': return (
      <a href={url} target="_blank" rel="noopener noreferrer" className={classes.picture} data-sticker={content.media === 'sticker' || undefined}>
        <img src={url} alt={content.caption || name} loading="lazy" onError={() => setLost(true)} />
      </a>
    );
    // What people send has no captions.
    // oxlint-disable-next-line jsx-a11y/media-has-caption
    case 'video': return <video className={classes.video} controls preload="metadata" src={url} aria-label={name} onError={() => setLost(true)} />;
    // oxlint-disable-next-line jsx-a11y/media-has-caption
    case 'audio': return <audio className={classes.audio} controls preload="metadata" src={url} aria-label={name} onError={() => setLost(true)} />;
    default: return <a href={url} className={classes.file} download={content.filename || true}><IconFile size={20} aria-hidden /><span><strong>{name}</strong><small>{content.mime_type}</small></span></a>;
  }
}

/** A picture, film, sound or file with its caption. */
export function MediaView({ content }: { content: MediaContent }) {
  const { t } = useTranslation('inbox');
  const host = hostOf(content.url);
  return (
    <div className={classes.media}>
      {content.media_id ? <Shown content={content} mediaId={content.media_id} /> : host && content.url
        ? <a href={content.url} target="_blank" rel="noopener noreferrer" className={classes.file}><IconFile size={20} aria-hidden /><span><strong>{content.filename || t(`rich.kind.${content.media}`)}</strong><small>{host}</small></span></a>
        : <Missing />}
      {content.caption && <p dir="auto">{content.caption}</p>}
    </div>
  );
}

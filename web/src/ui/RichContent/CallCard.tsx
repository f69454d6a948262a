import { useQuery } from '@tanstack/react-query';
import { IconPhone, IconPhoneIncoming } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { callQuery } from '../../api/channels';
import { formatDuration } from '../numbers';
import { callIdOf, type CallContent } from './content';
import classes from './richContent.module.css';

/** A call: what it said, how long it took, what the person pressed, and its recording. `messageId` null: a call that came in. */
export function CallCard({ content, body, messageId }: { content: CallContent; body: string; messageId: string | null }) {
  const { t } = useTranslation('inbox');
  const { data: call } = useQuery({ ...callQuery(callIdOf(messageId ?? '')), enabled: messageId !== null });
  const words = content.steps?.map((step) => step.text).filter(Boolean).join(' ');
  const keys = call?.gathered.map((one) => (typeof one.digits === 'string' ? one.digits : typeof one.speech === 'string' ? one.speech : '')).filter(Boolean).join(', ');
  const Glyph = messageId === null ? IconPhoneIncoming : IconPhone;
  return (
    <div className={classes.labelled}>
      <span className={classes.label}><Glyph size={14} aria-hidden />{messageId === null ? t('rich.callIn') : t('rich.callOut')}{call && call.duration_s > 0 && <> · {formatDuration(call.duration_s)}</>}</span>
      <p dir="auto">{words || body}</p>
      {keys && <p className={classes.pressed}>{t('rich.pressed', { keys })}</p>}
      {/* oxlint-disable-next-line jsx-a11y/media-has-caption -- a recording has no captions */}
      {call?.recording && <audio className={classes.audio} controls preload="none" src={`/v1/calls/${encodeURIComponent(call.id)}/recording`} aria-label={t('rich.recording')} />}
    </div>
  );
}

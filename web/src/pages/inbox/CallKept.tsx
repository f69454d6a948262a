import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { deskCallQuery, recordingOf } from '../../api/calls';
import { Transcript } from '../../app/Transcript';
import classes from './thread.module.css';

/** The sound of a call that was recorded, and what was said in it. */
export default function CallKept({ callId }: { callId: string }) {
  const { t } = useTranslation();
  const { data: call } = useQuery(deskCallQuery(callId));
  const [open, setOpen] = useState(false);
  if (!call) return null;
  return (
    <div className={classes.kept} data-testid="call-kept-entry">
      {/* oxlint-disable-next-line jsx-a11y/media-has-caption -- its words stand below where they are written down */}
      {call.recording && <audio controls preload="none" src={recordingOf(call.id)} aria-label={t('call:kept.sound')} />}
      {call.recorded && !call.recording && <span>{t('call:kept.soon')}</span>}
      {call.transcribed && <button type="button" className={classes.replace} aria-expanded={open} onClick={() => setOpen(!open)}>{t(open ? 'call:said.hide' : 'call:said.show')}</button>}
      {open && <Transcript callId={call.id} name={call.contact.name || call.contact.address} live={false} />}
    </div>
  );
}

import { useEffect, useRef, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { ChannelIcon } from '../ChannelIcon';
import classes from './phonePreview.module.css';

export interface PhoneLine { key: string; from: 'us' | 'them' | 'note'; children: ReactNode; channel?: string }

interface Props { channel: string; title: string; clock: string; lines: readonly PhoneLine[]; empty: string; foot?: ReactNode }

/** A handset as the contact holds it. Its colours are the handset's, not the tenant's. */
export function PhonePreview({ channel, title, clock, lines, empty, foot }: Props) {
  const { t } = useTranslation();
  const list = useRef<HTMLOListElement>(null);
  const count = lines.length;
  useEffect(() => {
    const element = list.current;
    if (element) element.scrollTop = element.scrollHeight;
  }, [count]);
  return (
    <section className={classes.phone} data-channel={channel} aria-label={t('phone.label', { channel: t(`channel.${channel}`, channel) })}>
      <header className={classes.head}>
        <ChannelIcon kind={channel} size={16} />
        <bdi className={classes.title}>{title}</bdi>
        <time className={classes.clock}>{clock}</time>
      </header>
      {/* A region that scrolls must be reachable by key. */}
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <ol ref={list} className={classes.lines} tabIndex={0} aria-live="polite" aria-label={t('phone.talk')}>
        {count === 0 && <li className={classes.note}>{empty}</li>}
        {lines.map((line) => (
          <li key={line.key} className={line.from === 'note' ? classes.note : classes.row} data-from={line.from}>
            {line.from === 'note' ? line.children : (
              <div className={classes.bubble}>
                <span className="visually-hidden">{t(line.from === 'us' ? 'phone.us' : 'phone.them')}</span>
                {line.channel && line.channel !== channel && <span className={classes.by}><ChannelIcon kind={line.channel} size={12} />{t(`channel.${line.channel}`, line.channel)}</span>}
                {line.children}
              </div>
            )}
          </li>
        ))}
      </ol>
      {foot && <div className={classes.foot}>{foot}</div>}
    </section>
  );
}

import { useQuery } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { saidQuery } from '../api/calls';
import type { Said } from '../api/types';
import { ProblemAlert } from '../ui/ProblemAlert';
import { absoluteTime, clockTime } from '../ui/time';
import { useMe } from './session';
import classes from './transcript.module.css';

/** Below this a word-for-word record is marked as unsure. */
const SURE = 0.5;

function Line({ said, name }: { said: Said; name: string }) {
  const { t } = useTranslation();
  const me = useMe();
  const unsure = said.confidence !== null && said.confidence < SURE;
  return (
    <li data-speaker={said.speaker} data-unsure={unsure || undefined}>
      <span className={classes.who}>
        <bdi>{said.speaker === 'contact' ? name : said.user?.name || t('call:said.agent')}</bdi>
        <time dateTime={said.at} title={absoluteTime(said.at, me.tenant.time_zone)}>{clockTime(said.at, me.tenant.time_zone)}</time>
      </span>
      <p dir="auto" title={unsure ? t('call:said.unsure') : undefined}>{said.text}</p>
    </li>
  );
}

/** What is said in a call, as the provider writes it down. While the call goes on the last words stay in view. */
export function Transcript({ callId, name, live }: { callId: string; name: string; live: boolean }) {
  const { t } = useTranslation();
  const { data, isPending, isError, error, refetch } = useQuery(saidQuery(callId));
  const box = useRef<HTMLOListElement>(null);
  const atEnd = useRef(true);
  const items = data?.items ?? [];
  useEffect(() => {
    if (live && box.current && atEnd.current) box.current.scrollTop = box.current.scrollHeight;
  }, [live, items.length]);
  if (isPending) return <div className="skeleton" style={{ height: 44 }} aria-busy />;
  if (isError) return <ProblemAlert error={error} onRetry={() => void refetch()} />;
  if (items.length === 0) return <p className={classes.quiet}>{t(live ? 'call:said.listens' : 'call:said.none')}</p>;
  const scrolled = (): void => {
    const element = box.current;
    if (element) atEnd.current = element.scrollHeight - element.scrollTop - element.clientHeight < 24;
  };
  return (
    <ol className={classes.said} ref={box} onScroll={scrolled} role="log" aria-live={live ? 'polite' : 'off'} aria-label={t('call:said.label')} tabIndex={0} data-testid="transcript">
      {items.map((said) => <Line key={said.id} said={said} name={name} />)}
    </ol>
  );
}

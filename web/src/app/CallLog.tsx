import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import type { DeskCall } from '../api/types';
import { absoluteTime, clockTime } from '../ui/time';
import classes from './call.module.css';
import { useMe } from './session';

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

/** What was done in a call, the newest below. */
export function CallLog({ log }: { log: DeskCall['log'] }) {
  const { t } = useTranslation();
  const me = useMe();
  const end = useRef<HTMLOListElement>(null);
  useEffect(() => {
    if (end.current) end.current.scrollTop = end.current.scrollHeight;
  }, [log.length]);
  if (log.length === 0) return null;
  return (
    <ol className={classes.log} ref={end} aria-label={t('call:log.label')} tabIndex={0}>
      {log.map((line, at) => (
        <li key={`${at} ${text(line.did)}`}>
          <span>{t(`call:log.${text(line.did)}`, { by: text(line.by), to: text(line.to), keys: text(line.keys) })}</span>
          <time dateTime={text(line.at)} title={absoluteTime(text(line.at), me.tenant.time_zone)}>{clockTime(text(line.at), me.tenant.time_zone)}</time>
        </li>
      ))}
    </ol>
  );
}

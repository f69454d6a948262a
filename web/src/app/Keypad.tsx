import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import classes from './call.module.css';

const KEYS = ['1', '2', '3', '4', '5', '6', '7', '8', '9', '*', '0', '#'];
const GATHER_MS = 400;

/** Keys into the call. What is pressed quickly one after the other goes as one. */
export function Keypad({ onPress }: { onPress: (pressed: string) => Promise<boolean> }) {
  const { t } = useTranslation();
  const [shown, setShown] = useState('');
  const first = useRef<HTMLButtonElement>(null);
  const waiting = useRef('');
  const timer = useRef<ReturnType<typeof setTimeout> | null>(null);
  const send = useRef(onPress);
  useEffect(() => {
    send.current = onPress;
  });
  const flush = (): void => {
    timer.current = null;
    const pressed = waiting.current;
    waiting.current = '';
    if (pressed) void send.current(pressed);
  };
  useEffect(() => {
    first.current?.focus();
    return () => {
      if (timer.current) clearTimeout(timer.current);
      flush();
    };
  }, []);
  const press = (key: string): void => {
    setShown((before) => (before + key).slice(-24));
    waiting.current += key;
    if (timer.current) clearTimeout(timer.current);
    timer.current = setTimeout(flush, GATHER_MS);
  };
  const onKeyDown = (event: React.KeyboardEvent): void => {
    if (!KEYS.includes(event.key) || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    press(event.key);
  };
  return (
    <div className={classes.pad} role="group" aria-label={t('call:keypad')}>
      <output className={classes.pressed} aria-label={t('call:sent')}>{shown}</output>
      {KEYS.map((key, at) => (
        <button key={key} type="button" ref={at === 0 ? first : undefined} aria-label={key === '*' ? t('call:star') : key === '#' ? t('call:hash') : undefined} onKeyDown={onKeyDown} onClick={() => press(key)}>{key}</button>
      ))}
    </div>
  );
}

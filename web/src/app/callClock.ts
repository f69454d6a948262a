/** How long a call has been so, by the second. */
import { useEffect, useState } from 'react';

/** `2:05`, `1:02:05`. */
export function clock(seconds: number): string {
  const [hours, minutes, rest] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, Math.floor(seconds) % 60];
  const two = (value: number): string => String(value).padStart(2, '0');
  return hours > 0 ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

/** Seconds from a moment until another, or until now. */
export function useSeconds(from: string | null | undefined, until?: string | null): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    if (until) return undefined;
    const timer = setInterval(() => setNow(Date.now()), 1_000);
    return () => clearInterval(timer);
  }, [until]);
  return from ? Math.max(0, Math.floor(((until ? Date.parse(until) : now) - Date.parse(from)) / 1_000)) : 0;
}

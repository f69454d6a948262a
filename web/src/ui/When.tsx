import { useMe } from '../app/session';
import { createStore, useStore } from '../app/store';
import { absoluteTime, relativeTime } from './time';

const TICK_MS = 20_000;
const now = createStore(Date.now());
setInterval(() => now.set(Date.now()), TICK_MS);

/** A time as its age, with the full date in the tenant's zone on hover. */
export function When({ at }: { at: string }) {
  const me = useMe();
  const current = useStore(now);
  return (
    <time dateTime={at} title={absoluteTime(at, me.tenant.time_zone)}>
      {relativeTime(at, Math.max(current, Date.parse(at)))}
    </time>
  );
}

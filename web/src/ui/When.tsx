import { useMe } from '../app/session';
import { absoluteTime, relativeTime } from './time';
import { useNow } from './useNow';

/** A time as its age, with the full date in the tenant's zone on hover. */
export function When({ at }: { at: string }) {
  const me = useMe();
  const current = useNow();
  return (
    <time dateTime={at} title={absoluteTime(at, me.tenant.time_zone)}>
      {relativeTime(at, Math.max(current, Date.parse(at)))}
    </time>
  );
}

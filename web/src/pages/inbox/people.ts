import { useQuery } from '@tanstack/react-query';
import { can } from '../../api/permissions';
import { usersQuery } from '../../api/queries';
import { useMe } from '../../app/session';

/** Whom a conversation can be given to: everybody of the tenant where that list may be read, else only oneself. */
export function usePeople(): { id: string; name: string }[] {
  const me = useMe();
  const { data } = useQuery({ ...usersQuery, enabled: can(me, 'readUsers'), retry: false });
  const own = me.user ? [{ id: me.user.id, name: me.user.name }] : [];
  return [...own, ...(data?.items ?? []).filter((user) => user.id !== me.user?.id).map(({ id, name }) => ({ id, name }))];
}

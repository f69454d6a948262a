import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { can } from '../api/permissions';
import { usersQuery } from '../api/queries';
import { useMe } from '../app/session';
import { publicId } from './publicId';

const UUID = /^[0-9a-f]{8}-[0-9a-f-]{27}$/i;

/** Who did something, by name: `user:<uuid>` or `key:<uuid>` as the API tells it. Names only where this person may see them. */
export function Person({ principal }: { principal: string }) {
  const { t } = useTranslation();
  const me = useMe();
  const { data } = useQuery({ ...usersQuery, enabled: can(me, 'readUsers') });
  const [kind, uuid = ''] = principal.split(':');
  if (kind === 'key') return <>{t('person.key')}</>;
  if (kind !== 'user' || !UUID.test(uuid)) return <>{principal === '' ? t('person.system') : principal}</>;
  const id = publicId('usr', uuid);
  if (id === me.user?.id) return <>{t('person.you')}</>;
  return <bdi>{data?.items.find((user) => user.id === id)?.name ?? t('person.colleague')}</bdi>;
}

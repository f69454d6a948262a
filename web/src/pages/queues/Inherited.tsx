import { useQuery } from '@tanstack/react-query';
import { IconLock, IconSitemap } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { queueDefaultsQuery, type DefaultPart } from '../../api/desk';
import { Status } from '../../ui/Status';

/** Where a part of a queue's settings comes from when it is not set, or why setting it does not count. */
export function Inherited({ part }: { part: DefaultPart }) {
  const { t } = useTranslation('queues');
  const { data } = useQuery(queueDefaultsQuery);
  const source = data?.sources[part];
  if (!source || (source.own && !source.locked)) return null;
  return (
    <div>
      <Status tone={source.locked ? 'warning' : 'neutral'} icon={source.locked ? <IconLock size={13} aria-hidden /> : <IconSitemap size={13} aria-hidden />}>
        {t(source.locked ? 'defaults.locked' : 'defaults.inherited', { name: source.tenant })}
      </Status>
    </div>
  );
}

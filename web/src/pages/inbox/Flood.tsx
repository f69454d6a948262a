import { IconRipple } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { Conversation } from '../../api/types';
import { Status } from '../../ui/Status';
import { useNow } from '../../ui/useNow';

/** That the contact writes more than anybody can read: what comes is kept, and nothing is done with it. */
export function Flood({ row }: { row: Conversation }) {
  const { t } = useTranslation('inbox');
  const now = useNow();
  if (!row.flooded_until || Date.parse(row.flooded_until) <= now) return null;
  return <Status tone="warning" icon={<IconRipple size={13} aria-hidden />} title={t('flood.text')}>{t('flood.name')}</Status>;
}

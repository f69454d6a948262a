import { useTranslation } from 'react-i18next';
import type { Flow } from '../../api/flows';
import { Status } from '../../ui/Status';

/** Whether a flow runs, and in which version. */
export function FlowStatus({ flow }: { flow: Flow }) {
  const { t } = useTranslation('flows');
  if (flow.archived_at) return <Status tone="neutral">{t('status.archived')}</Status>;
  return flow.version > 0 ? <Status tone="success">{t('status.live', { version: flow.version })}</Status> : <Status tone="neutral">{t('status.draft')}</Status>;
}

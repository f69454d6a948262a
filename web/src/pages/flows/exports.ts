/** A flow as a file: its document as JSON, or its picture. */
import { useTranslation } from 'react-i18next';
import { exportFlow, pictureOfFlow, type Flow } from '../../api/flows';
import { toastProblem } from '../../ui/toast';

type Named = Pick<Flow, 'id' | 'name'>;

function save(name: string, content: string, type: string): void {
  const url = URL.createObjectURL(new Blob([content], { type }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 1_000);
}

const fileName = (name: string): string => name.replaceAll(/[^\p{L}\p{N}]+/gu, '-').replaceAll(/^-+|-+$/g, '') || 'flow';

export function useExports(): { json: (flow: Named) => void; svg: (flow: Named) => void } {
  const { t } = useTranslation('flows');
  return {
    json: (flow) => void exportFlow(flow.id).then((found) => save(`${fileName(flow.name)}.json`, JSON.stringify(found, null, 2), 'application/json'), (error: unknown) => toastProblem(t, t('export.failed'), error)),
    svg: (flow) => void pictureOfFlow(flow.id).then((found) => save(`${fileName(flow.name)}.svg`, found, 'image/svg+xml'), (error: unknown) => toastProblem(t, t('export.failed'), error)),
  };
}

import { Button, FileButton, Modal } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { IconFileImport, IconUpload } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { idempotencyKey } from '../../api/client';
import { importFlows, type ImportedFlow } from '../../api/flows';
import { keys } from '../../api/keys';
import { ProblemAlert } from '../../ui/ProblemAlert';
import { formatOf } from './formats';
import classes from './flows.module.css';

const BYTES_MAX = 10_000_000;

class Unreadable extends Error {}

async function read(file: File): Promise<Record<string, unknown>> {
  if (file.size > BYTES_MAX) throw new Unreadable('large');
  try {
    const raw = JSON.parse(await file.text()) as unknown;
    if (typeof raw === 'object' && raw !== null && !Array.isArray(raw)) return raw as Record<string, unknown>;
  } catch {
    // What is no JSON is said below.
  }
  throw new Unreadable('json');
}

function Report({ flow, report, faults }: ImportedFlow) {
  const { t } = useTranslation('flows');
  return (
    <li>
      <Link to="/flows/$flowId" params={{ flowId: flow.id }}><bdi>{flow.name}</bdi></Link>
      {report.length + faults.length === 0 && <p className={classes.fine}>{t('import.whole')}</p>}
      {report.length > 0 && <><p>{t('import.lost', { count: report.length })}</p><ul>{report.map((loss, nth) => <li key={nth}><span>{loss.what}</span>{loss.node && <code>{loss.node}</code>}</li>)}</ul></>}
      {faults.length > 0 && <><p>{t('import.faults', { count: faults.length })}</p><ul>{faults.map((fault, nth) => <li key={nth}><span>{fault.detail}</span>{fault.node && <code>{fault.node}</code>}</li>)}</ul></>}
    </li>
  );
}

/** Makes flows of a file: our own export, or one of RapidPro or TextIt; says what could not be translated. */
export function ImportDialog({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation('flows');
  const client = useQueryClient();
  const [file, setFile] = useState<File | null>(null);
  const take = useMutation({
    mutationFn: async (from: File) => {
      const raw = await read(from);
      return importFlows(formatOf(raw), raw, idempotencyKey());
    },
    onSuccess: () => void client.invalidateQueries({ queryKey: keys.flowLists }),
  });
  const made = take.data?.items;
  const unreadable = take.error instanceof Unreadable ? take.error.message : null;
  const choose = (next: File | null): void => {
    setFile(next);
    if (next) take.mutate(next);
  };
  return (
    <Modal opened onClose={onClose} size="lg" title={t('import.title')} closeButtonProps={{ 'aria-label': t('common:action.close') }}>
      <div className={classes.dialog}>
        {!made && <p>{t('import.text')}</p>}
        {!made && (
          <FileButton accept="application/json,.json" onChange={choose}>
            {(props) => <Button {...props} data-autofocus variant="default" loading={take.isPending} leftSection={<IconUpload size={16} aria-hidden />}>{t('import.choose')}</Button>}
          </FileButton>
        )}
        {file && !made && <p className={classes.note}><bdi>{file.name}</bdi></p>}
        {unreadable && <p role="alert" className={classes.wrong}>{unreadable === 'large' ? t('import.large') : t('import.notJson')}</p>}
        {take.error && !unreadable && <ProblemAlert error={take.error} />}
        {made && <p role="status"><IconFileImport size={16} aria-hidden /> {t('import.done', { count: made.length })}</p>}
        {made && <ul className={classes.report}>{made.map((one) => <Report key={one.flow.id} {...one} />)}</ul>}
        <div className={classes.dialogActions}><Button variant={made ? 'filled' : 'default'} onClick={onClose}>{t('common:action.close')}</Button></div>
      </div>
    </Modal>
  );
}

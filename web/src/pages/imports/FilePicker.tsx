import '@mantine/dropzone/styles.layer.css';
import { Button } from '@mantine/core';
import { Dropzone, type FileRejection } from '@mantine/dropzone';
import { IconFileSpreadsheet, IconUpload, IconX } from '@tabler/icons-react';
import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { idempotencyKey } from '../../api/client';
import { keys } from '../../api/keys';
import { asProblem, type Problem } from '../../api/problem';
import { importQuery } from '../../api/imports';
import { ABORTED, uploadImport, type Upload } from '../../api/upload';
import type { Import } from '../../api/types';
import { formatBytes, formatShare } from '../../ui/numbers';
import { ProblemAlert } from '../../ui/ProblemAlert';
import { ProgressBar } from '../../ui/ProgressBar';
import classes from './imports.module.css';

const BYTES_MAX = 200 * 1024 * 1024;
const ACCEPT = {
  'text/csv': ['.csv', '.tsv', '.txt'],
  'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet': ['.xlsx'],
};

interface Sending { file: File; share: number }

/** Sends a file and opens its import. Leaving the page stops the upload: half a file is no import. */
function useUpload(): { sending: Sending | null; problem: Problem | null; send: (file: File) => void; stop: () => void } {
  const client = useQueryClient();
  const navigate = useNavigate();
  const [sending, setSending] = useState<Sending | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const current = useRef<Upload<Import> | null>(null);
  useEffect(() => () => current.current?.abort(), []);
  const send = async (file: File): Promise<void> => {
    setProblem(null);
    setSending({ file, share: 0 });
    const upload = uploadImport(file, idempotencyKey(), (share) => setSending({ file, share }));
    current.current = upload;
    try {
      const made = await upload.done;
      current.current = null;
      client.setQueryData(importQuery(made.id).queryKey, made);
      void client.invalidateQueries({ queryKey: keys.imports });
      await navigate({ to: '/imports/$importId', params: { importId: made.id }, search: { step: 'file' }, replace: true });
    } catch (error) {
      const found = asProblem(error);
      if (found.code !== ABORTED) setProblem(found);
      setSending(null);
    }
  };
  return { sending, problem, send: (file) => void send(file), stop: () => current.current?.abort() };
}

function Sent({ sending, onStop }: { sending: Sending; onStop: () => void }) {
  const { t } = useTranslation('imports');
  const { file, share } = sending;
  return (
    <div className={classes.sending}>
      <IconFileSpreadsheet size={28} stroke={1.5} aria-hidden />
      <div className={classes.sendingMain}>
        <strong><bdi>{file.name}</bdi></strong>
        <ProgressBar share={share >= 1 ? null : share} label={t('upload.label', { name: file.name })} />
        <span className={classes.note}>
          {share >= 1 ? t('upload.reading') : t('upload.progress', { share: formatShare(share, 1), done: formatBytes(file.size * share), all: formatBytes(file.size) })}
        </span>
      </div>
      <Button variant="default" size="xs" onClick={onStop}>{t('upload.stop')}</Button>
    </div>
  );
}

/** The first step: a file by drop or by button. */
export function FilePicker() {
  const { t } = useTranslation('imports');
  const { sending, problem, send, stop } = useUpload();
  const [refused, setRefused] = useState<string | null>(null);
  const reject = (files: FileRejection[]): void => {
    const [first] = files;
    if (!first) return;
    const tooLarge = first.errors.some((error) => error.code === 'file-too-large');
    setRefused(tooLarge ? t('upload.tooLarge', { name: first.file.name, size: formatBytes(first.file.size), most: formatBytes(BYTES_MAX) }) : t('upload.wrongKind', { name: first.file.name }));
  };
  return (
    <section className={`surface ${classes.panel}`} aria-labelledby="import-file">
      <h2 id="import-file" className={classes.panelTitle}>{t('upload.title')}</h2>
      {sending ? (
        <Sent sending={sending} onStop={stop} />
      ) : (
        <Dropzone
          multiple={false}
          accept={ACCEPT}
          maxSize={BYTES_MAX}
          className={classes.drop}
          inputProps={{ 'aria-label': t('upload.choose') }}
          onReject={reject}
          onDrop={([file]) => {
            setRefused(null);
            if (file) send(file);
          }}
        >
          <div className={classes.dropInner}>
            <Dropzone.Accept><IconUpload size={40} stroke={1.25} aria-hidden /></Dropzone.Accept>
            <Dropzone.Reject><IconX size={40} stroke={1.25} aria-hidden /></Dropzone.Reject>
            <Dropzone.Idle><IconFileSpreadsheet size={40} stroke={1.25} aria-hidden /></Dropzone.Idle>
            <strong>{t('upload.drop')}</strong>
            <span className={classes.dropButton} aria-hidden>{t('upload.choose')}</span>
            <span className={classes.note}>{t('upload.limits', { most: formatBytes(BYTES_MAX) })}</span>
          </div>
        </Dropzone>
      )}
      {refused && <p role="alert" className={classes.refused}>{refused}</p>}
      {problem && <ProblemAlert error={problem} />}
      <ul className={classes.tips}>
        <li>{t('upload.tipHeader')}</li>
        <li>{t('upload.tipNumber')}</li>
        <li>{t('upload.tipSafe')}</li>
      </ul>
    </section>
  );
}

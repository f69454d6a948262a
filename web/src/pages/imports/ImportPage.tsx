import { ActionIcon, Button, Menu, Modal } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { IconChevronRight, IconDotsVertical, IconFileUnknown, IconTrash } from '@tabler/icons-react';
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { can } from '../../api/permissions';
import { deleteImport, importQuery } from '../../api/imports';
import { keys } from '../../api/keys';
import type { Import } from '../../api/types';
import { asProblem } from '../../api/problem';
import { Denied } from '../../app/Fallbacks';
import { useMe } from '../../app/session';
import { EmptyState } from '../../ui/EmptyState';
import { LinkButton } from '../../ui/LinkButton';
import { ProblemAlert } from '../../ui/ProblemAlert';
import { toast } from '../../ui/toast';
import { CheckStep } from './CheckStep';
import { ColumnsStep } from './ColumnsStep';
import { FilePicker } from './FilePicker';
import { FileStep } from './FileStep';
import classes from './imports.module.css';
import { ImportState } from './ImportState';
import { PolicyStep } from './PolicyStep';
import { RunStep } from './RunStep';
import { Stepper } from './Stepper';
import { isOver, isStep, isWorking, stepFor } from './steps';

const NEW = 'new';
const FOLLOW_MS = 1_000;
const MISSING = 404;

function Head({ row }: { row: Import | null }) {
  const { t } = useTranslation('imports');
  const [deleting, setDeleting] = useState(false);
  return (
    <div className={classes.head}>
      <div className={classes.headTitle}>
        <Link to="/imports" className={classes.crumb}>{t('title')}</Link>
        <IconChevronRight size={15} aria-hidden className={classes.crumbMark} />
        <h1><bdi>{row ? row.name : t('newTitle')}</bdi></h1>
        {row && <ImportState state={row.state} />}
      </div>
      {row && !isWorking(row.state) && (
        <Menu position="bottom-end" width={220}>
          <Menu.Target>
            <ActionIcon variant="default" size={32} aria-label={t('more')}><IconDotsVertical size={16} aria-hidden /></ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item leftSection={<IconTrash size={16} aria-hidden />} onClick={() => setDeleting(true)}>{t('delete.open')}</Menu.Item>
          </Menu.Dropdown>
        </Menu>
      )}
      {row && deleting && <DeleteDialog row={row} onClose={() => setDeleting(false)} />}
    </div>
  );
}

function DeleteDialog({ row, onClose }: { row: Import; onClose: () => void }) {
  const { t } = useTranslation('imports');
  const client = useQueryClient();
  const navigate = useNavigate();
  const remove = useMutation({
    mutationFn: () => deleteImport(row.id),
    onSuccess: async () => {
      await navigate({ to: '/imports' });
      client.removeQueries({ queryKey: importQuery(row.id).queryKey });
      void client.invalidateQueries({ queryKey: keys.imports });
      toast(t('delete.done', { name: row.name }));
    },
  });
  return (
    <Modal opened onClose={onClose} title={t('delete.title', { name: row.name })} closeButtonProps={{ 'aria-label': t('common:action.close') }}>
      <div className={classes.dialog}>
        <p>{t(isOver(row.state) && row.state !== 'undone' ? 'delete.textDone' : 'delete.text')}</p>
        {remove.error && <ProblemAlert error={remove.error} />}
        <div className={classes.dialogActions}>
          <Button variant="default" data-autofocus onClick={onClose}>{t('cancel')}</Button>
          <Button color="red" loading={remove.isPending} onClick={() => remove.mutate()}>{t('delete.do')}</Button>
        </div>
      </div>
    </Modal>
  );
}

function Loading() {
  return (
    <div aria-busy className={classes.stack}>
      <div className="skeleton" style={{ height: 40 }} />
      <div className="skeleton" style={{ height: 360 }} />
    </div>
  );
}

function Body({ row }: { row: Import }) {
  const { step: asked } = useSearch({ from: '/app/imports/$importId' });
  const step = stepFor(row.state, isStep(asked) ? asked : undefined);
  return (
    <>
      <Stepper importId={row.id} step={step} over={isOver(row.state) && row.state !== 'running'} />
      {step === 'file' && <FileStep row={row} />}
      {step === 'columns' && <ColumnsStep key={row.file.header.join('\n')} row={row} />}
      {step === 'policy' && <PolicyStep row={row} />}
      {step === 'check' && <CheckStep row={row} />}
      {step === 'run' && <RunStep row={row} />}
    </>
  );
}

function OneImport({ id }: { id: string }) {
  const { t } = useTranslation('imports');
  const fresh = id === NEW;
  const { data: row, error, refetch } = useQuery({
    ...importQuery(id),
    enabled: !fresh,
    refetchInterval: (query) => (query.state.data && isWorking(query.state.data.state) ? FOLLOW_MS : false),
  });
  const missing = error && asProblem(error).status === MISSING;
  return (
    <div className={classes.page}>
      <Head row={fresh ? null : (row ?? null)} />
      {fresh && (
        <>
          <Stepper importId={null} step="file" over={false} />
          <FilePicker />
        </>
      )}
      {!fresh && row && <Body row={row} />}
      {!fresh && !row && !error && <Loading />}
      {missing && <EmptyState icon={IconFileUnknown} title={t('gone')} text={t('goneText')} action={<LinkButton to="/imports">{t('all')}</LinkButton>} />}
      {error && !missing && !row && <ProblemAlert error={error} onRetry={() => void refetch()} />}
    </div>
  );
}

/** One import, step by step; its state lives on the server, so a reload goes on where it stood. */
export function ImportPage() {
  const me = useMe();
  const { importId = NEW } = useParams({ strict: false });
  return can(me, 'importContacts') ? <OneImport key={importId} id={importId} /> : <Denied />;
}

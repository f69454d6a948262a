import { ActionIcon, Button, Menu, Textarea, TextInput, Tooltip } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { IconArchive, IconArrowBackUp, IconArrowForwardUp, IconChevronRight, IconDotsVertical, IconSnowflake } from '@tabler/icons-react';
import { Link, useNavigate } from '@tanstack/react-router';
import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Segment } from '../../api/types';
import { can } from '../../api/permissions';
import { segmentQuery } from '../../api/segments';
import { useKeys } from '../../app/keyboard';
import { useMe } from '../../app/session';
import { placesOf, withIds } from '../../ui/ConditionBuilder/condition';
import { ConditionBuilder } from '../../ui/ConditionBuilder/ConditionBuilder';
import type { Field } from '../../ui/ConditionBuilder/fields';
import { ExportMenu } from '../../ui/ExportMenu';
import { LeaveGuard } from '../../ui/LeaveGuard';
import { ProblemAlert } from '../../ui/ProblemAlert';
import { Status } from '../../ui/Status';
import { Aside } from './Aside';
import { Conflict } from './Conflict';
import { ArchiveDialog, FreezeDialog } from './Dialogs';
import { nameError } from './nameError';
import { Reach } from './Reach';
import classes from './segments.module.css';
import { errorsById, useLiveCount, type LiveCount } from './useLiveCount';
import { useSaving, type Saving } from './useSaving';
import { useSegmentDraft, type SegmentDraft } from './useSegmentDraft';
import { Words } from './Words';

interface HeadProps { segment: Segment | null; draft: SegmentDraft; saving: Saving; writable: boolean; onFreeze: () => void; onArchive: () => void }

function MoreMenu({ draft, onFreeze, onArchive }: Pick<HeadProps, 'draft' | 'onFreeze' | 'onArchive'>) {
  const { t } = useTranslation('segments');
  return (
    <Menu position="bottom-end" width={230}>
      <Menu.Target>
        <ActionIcon variant="default" size={32} aria-label={t('more')}><IconDotsVertical size={16} aria-hidden /></ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item leftSection={<IconSnowflake size={16} aria-hidden />} disabled={draft.dirty} onClick={onFreeze}>{t('freeze.open')}</Menu.Item>
        <Menu.Divider />
        <Menu.Item leftSection={<IconArchive size={16} aria-hidden />} onClick={onArchive}>{t('archive.open')}</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

function Head({ segment, draft, saving, writable, onFreeze, onArchive }: HeadProps) {
  const { t } = useTranslation('segments');
  const me = useMe();
  const archived = Boolean(segment?.archived_at);
  return (
    <div className={classes.head}>
      <div className={classes.headTitle}>
        <Link to="/segments" className={classes.crumb}>{t('title')}</Link>
        <IconChevronRight size={15} aria-hidden className={classes.crumbMark} />
        <h1>{segment ? segment.name : t('new.title')}</h1>
        {archived && <Status tone="neutral" icon={<IconArchive size={13} aria-hidden />}>{t('archived')}</Status>}
        {draft.dirty && <span className={classes.unsaved}>{t('unsaved')}</span>}
      </div>
      <div className={classes.headActions}>
        {writable && (
          <>
            <Tooltip label={t('undoHint')}>
              <ActionIcon variant="default" size={32} aria-label={t('undo')} disabled={!draft.canUndo} onClick={draft.undo}><IconArrowBackUp size={17} aria-hidden /></ActionIcon>
            </Tooltip>
            <Tooltip label={t('redoHint')}>
              <ActionIcon variant="default" size={32} aria-label={t('redo')} disabled={!draft.canRedo} onClick={draft.redo}><IconArrowForwardUp size={17} aria-hidden /></ActionIcon>
            </Tooltip>
          </>
        )}
        {segment && can(me, 'exportContacts') && <ExportMenu filter={{ segment: segment.id }} />}
        {segment && writable && <MoreMenu draft={draft} onFreeze={onFreeze} onArchive={onArchive} />}
        {writable && (
          <Button loading={saving.pending} disabled={draft.name.trim() === '' || (segment !== null && !draft.dirty)} onClick={saving.save} aria-keyshortcuts="Control+S">
            {t(segment ? 'save' : 'create')}
          </Button>
        )}
      </div>
    </div>
  );
}

function Naming({ draft, readOnly, problem }: { draft: SegmentDraft; readOnly: boolean; problem: Saving['problem'] }) {
  const { t } = useTranslation('segments');
  const wrong = problem ? nameError(problem) : undefined;
  return (
    <div className={classes.naming}>
      <TextInput label={t('name')} placeholder={t('namePlaceholder')} value={draft.name} error={wrong} disabled={readOnly} maxLength={120} onChange={(event) => draft.setName(event.currentTarget.value)} autoFocus={draft.base === null} />
      <Textarea label={t('description')} autosize minRows={1} maxRows={4} value={draft.description} disabled={readOnly} maxLength={500} placeholder={t('descriptionPlaceholder')} onChange={(event) => draft.setDescription(event.currentTarget.value)} />
    </div>
  );
}

/** Problems of a save that belong to no rule and to no field. */
function SaveProblem({ saving, shown }: { saving: Saving; shown: boolean }) {
  return saving.problem && shown && !nameError(saving.problem) ? <ProblemAlert error={saving.problem} /> : null;
}

const withSaveErrors = (errors: LiveCount['errors'], problem: Saving['problem'], root: SegmentDraft['root']): LiveCount['errors'] =>
  problem ? new Map([...errorsById(problem, placesOf(root)), ...errors]) : errors;

/** Rules of a dynamic segment with what they do, live. */
export function SegmentEditor({ segment, fields }: { segment: Segment | null; fields: readonly Field[] }) {
  const { t } = useTranslation('segments');
  const me = useMe();
  const client = useQueryClient();
  const navigate = useNavigate();
  const draft = useSegmentDraft(segment);
  const saving = useSaving(segment, draft);
  const live = useLiveCount(draft.root, fields);
  const [dialog, setDialog] = useState<'freeze' | 'archive' | null>(null);
  const [inWords, setInWords] = useState(false);
  const writable = can(me, 'writeContacts') && !segment?.archived_at;
  const { problem } = saving;
  const { root } = draft;
  const found = live.errors;
  const errors = useMemo(() => withSaveErrors(found, problem, root), [found, problem, root]);
  const savable = writable && draft.name.trim() !== '' && (segment === null || draft.dirty) && !saving.pending;
  // While the words are edited, undo belongs to their field.
  const undoKeys = [
    { keys: 'Ctrl Z', label: t('undo'), run: draft.undo, inFields: true },
    { keys: 'Ctrl Shift Z', label: t('redo'), run: draft.redo, inFields: true },
  ];
  useKeys(t('keys.title'), writable ? [{ keys: 'Ctrl S', label: t('save'), run: () => savable && saving.save(), inFields: true }, ...(inWords ? [] : undoKeys)] : []);
  const restored = (saved: Segment): void => {
    client.setQueryData(segmentQuery(saved.id).queryKey, saved);
    draft.adopt(saved);
  };
  return (
    <div className={classes.page}>
      <Head segment={segment} draft={draft} saving={saving} writable={writable} onFreeze={() => setDialog('freeze')} onArchive={() => setDialog('archive')} />
      <Reach live={live} onRetry={() => void client.invalidateQueries({ queryKey: ['segments', 'count'] })} />
      <div className={classes.columns}>
        <div className={classes.main}>
          <section className={`surface ${classes.panel}`} aria-label={t('rules')}>
            <Naming draft={draft} readOnly={!writable} problem={saving.problem} />
            <SaveProblem saving={saving} shown={errors.size === 0} />
            <ConditionBuilder root={draft.root} fields={fields} change={draft.setRoot} counts={live.perRule} counting={live.counting} errors={errors} readOnly={!writable} />
          </section>
          <Words condition={live.condition} readOnly={!writable} onChange={(condition) => draft.setRoot(withIds(condition))} onEditing={setInWords} />
        </div>
        <Aside segment={segment} condition={live.condition} fields={fields} dirty={draft.dirty} writable={writable} onRestored={restored} />
      </div>
      <LeaveGuard dirty={draft.dirty && writable} saving={saving.pending} text={t('leave')} />
      {saving.conflict && (
        <Conflict
          {...saving.conflict}
          mine={draft.condition}
          fields={fields}
          saving={saving.pending}
          onKeepMine={() => saving.conflict && saving.saveOver(saving.conflict.theirs)}
          onTakeTheirs={() => {
            if (saving.conflict) draft.adopt(saving.conflict.theirs);
            saving.dismiss();
          }}
          onClose={saving.dismiss}
        />
      )}
      {dialog === 'freeze' && segment && <FreezeDialog segment={segment} onClose={() => setDialog(null)} />}
      {dialog === 'archive' && segment && <ArchiveDialog segment={segment} onClose={() => setDialog(null)} onDone={() => void navigate({ to: '/segments' })} />}
    </div>
  );
}

import { ActionIcon, Button, Select, Tooltip } from '@mantine/core';
import { IconArrowBackUp, IconArrowForwardUp, IconPlus, IconRewindBackward5 } from '@tabler/icons-react';
import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { can } from '../../api/permissions';
import type { RoutingRules, RoutingTargets, RoutingTested } from '../../api/types';
import { useKeys } from '../../app/keyboard';
import { useMe } from '../../app/session';
import { emptyGroup } from '../../ui/ConditionBuilder/condition';
import type { Field } from '../../ui/ConditionBuilder/fields';
import { LeaveGuard } from '../../ui/LeaveGuard';
import { ProblemAlert } from '../../ui/ProblemAlert';
import { Aside } from './Aside';
import { BackTestDialog } from './BackTestDialog';
import { ConflictDialog } from './ConflictDialog';
import { Inherited } from './Inherited';
import classes from './routing.module.css';
import { firstAction, inserted, bodyOf, newKey, type DraftRule } from './rules';
import { RuleList } from './RuleList';
import { useRulesDraft, type RulesDraft } from './useRulesDraft';
import { useSavingRules, type SavingRules } from './useSavingRules';

interface HeadProps { draft: RulesDraft; saving: SavingRules; writable: boolean; mayTest: boolean; onTest: () => void }

function Head({ draft, saving, writable, mayTest, onTest }: HeadProps) {
  const { t } = useTranslation('routing');
  return (
    <div className={classes.head}>
      <div className={classes.headTitle}>
        <h1 className={classes.title}>{t('title')}</h1>
        {draft.dirty && <span className={classes.unsaved}>{t('unsaved')}</span>}
      </div>
      {writable && (
        <div className={classes.headActions}>
          <Tooltip label={t('undoHint')}>
            <ActionIcon variant="default" size={32} aria-label={t('undo')} disabled={!draft.canUndo} onClick={draft.undo}><IconArrowBackUp size={17} aria-hidden /></ActionIcon>
          </Tooltip>
          <Tooltip label={t('redoHint')}>
            <ActionIcon variant="default" size={32} aria-label={t('redo')} disabled={!draft.canRedo} onClick={draft.redo}><IconArrowForwardUp size={17} aria-hidden /></ActionIcon>
          </Tooltip>
          {mayTest && <Button variant="default" disabled={!draft.dirty} leftSection={<IconRewindBackward5 size={17} aria-hidden />} onClick={onTest}>{t('backTest.open')}</Button>}
          <Button loading={saving.pending} disabled={!draft.dirty} onClick={saving.save} aria-keyshortcuts="Control+S">{t('save')}</Button>
        </div>
      )}
    </div>
  );
}

/** What happens to a message that no rule has. */
function Fallback({ draft, saved, targets, writable }: { draft: RulesDraft; saved: RoutingRules; targets: RoutingTargets; writable: boolean }) {
  const { t } = useTranslation('routing');
  const none = targets.queues.length === 0;
  return (
    <div className={classes.fallback} data-problem={none || undefined}>
      <span className={classes.fallbackText}>
        <strong>{t('fallback.title')}</strong>
        <small>{none ? t('fallback.none') : t('fallback.text')}</small>
      </span>
      <Select
        className={classes.fallbackSelect}
        aria-label={t('fallback.label')}
        placeholder={saved.fallback_queue ? t('fallback.inherited', { name: saved.fallback_queue }) : t('fallback.choose')}
        data={targets.queues.map(({ id, name }) => ({ value: id, label: name }))}
        value={draft.list.fallback}
        disabled={!writable || none}
        searchable
        clearable
        clearButtonProps={{ 'aria-label': t('fallback.clear') }}
        nothingFoundMessage={t('nothing')}
        onChange={(fallback) => draft.edit((list) => ({ ...list, fallback }))}
      />
    </div>
  );
}

/** All rules that count in this workspace, in the order in which they are looked at. */
export function RulesEditor({ saved, fields, targets }: { saved: RoutingRules; fields: readonly Field[]; targets: RoutingTargets }) {
  const { t } = useTranslation('routing');
  const me = useMe();
  const draft = useRulesDraft(saved);
  const saving = useSavingRules(draft);
  const writable = can(me, 'writeRouting');
  const [open, setOpen] = useState<string | null>(null);
  const [tested, setTested] = useState<RoutingTested | null>(null);
  const [backTesting, setBackTesting] = useState(false);
  const body = useMemo(() => bodyOf(draft.list), [draft.list]);
  const add = (): void => {
    const rule: DraftRule = { key: newKey(), name: '', enabled: true, locked: false, goesOn: false, root: emptyGroup(), actions: [firstAction(targets)] };
    draft.edit((list) => inserted(list, rule));
    setOpen(rule.key);
  };
  useKeys(t('keys.title'), writable ? [
    { keys: 'Ctrl S', label: t('save'), run: () => draft.dirty && saving.save(), inFields: true },
    { keys: 'Ctrl Z', label: t('undo'), run: draft.undo, inFields: true },
    { keys: 'Ctrl Shift Z', label: t('redo'), run: draft.redo, inFields: true },
    { keys: 'n', label: t('add'), run: add },
    { keys: 't', label: t('try.focus'), run: () => document.querySelector<HTMLElement>('[data-try-text]')?.focus() },
  ] : [{ keys: 't', label: t('try.focus'), run: () => document.querySelector<HTMLElement>('[data-try-text]')?.focus() }]);
  return (
    <div className={classes.page}>
      <Head draft={draft} saving={saving} writable={writable} mayTest={can(me, 'readInbox')} onTest={() => setBackTesting(true)} />
      <div className={classes.columns}>
        <section className={`surface ${classes.panel}`} aria-label={t('rules')}>
          <p className={classes.note}>{t('intro')}</p>
          {saving.problem && saving.loose && <ProblemAlert error={saving.problem} />}
          <Inherited rules={saved.before} kind="before" tested={tested} />
          <RuleList draft={draft} saved={saved} fields={fields} targets={targets} tested={tested} errors={saving.errors} open={open} onOpen={setOpen} writable={writable} />
          {writable && <Button className={classes.add} variant="default" leftSection={<IconPlus size={15} aria-hidden />} onClick={add}>{t('add')}</Button>}
          <Inherited rules={saved.after} kind="after" tested={tested} />
          <Fallback draft={draft} saved={saved} targets={targets} writable={writable} />
        </section>
        <Aside saved={saved} draft={draft} body={body} fields={fields} tested={tested} onTested={setTested} writable={writable} onRestored={saving.adopt} />
      </div>
      <LeaveGuard dirty={draft.dirty && writable} saving={saving.pending} text={t('leave')} />
      {backTesting && <BackTestDialog body={body} saving={saving.pending} onClose={() => setBackTesting(false)} onSave={() => {
        setBackTesting(false);
        saving.save();
      }} />}
      {saving.conflict && <ConflictDialog conflict={saving.conflict} mine={body} saving={saving.pending} onKeepMine={saving.saveOver} onTakeTheirs={saving.takeTheirs} onClose={saving.dismiss} />}
    </div>
  );
}

import { ActionIcon, Menu, Switch } from '@mantine/core';
import '@mantine/core/styles/Switch.layer.css';
import { useSortable } from '@dnd-kit/sortable';
import { IconAlertTriangle, IconArrowBarToDown, IconArrowBarToUp, IconArrowDown, IconArrowUp, IconChevronDown, IconCopy, IconDotsVertical, IconGripVertical, IconLock, IconTrash } from '@tabler/icons-react';
import type { CSSProperties } from 'react';
import { useTranslation } from 'react-i18next';
import type { RoutingTargets, TestedRule } from '../../api/types';
import { withIds, plain } from '../../ui/ConditionBuilder/condition';
import type { Field } from '../../ui/ConditionBuilder/fields';
import { conditionWords } from '../../ui/ConditionBuilder/valueWords';
import { actionWords } from './actionWords';
import classes from './routing.module.css';
import { inserted, moved, newKey, withoutRule, withRule, type DraftRule } from './rules';
import { RuleForm } from './RuleForm';
import { Verdict } from './Verdict';
import type { RuleErrors } from './useSavingRules';
import type { RulesDraft } from './useRulesDraft';

interface RuleRowProps {
  rule: DraftRule;
  at: number;
  count: number;
  edit: RulesDraft['edit'];
  fields: readonly Field[];
  targets: RoutingTargets;
  tested: TestedRule | undefined;
  hit: boolean;
  warnings: readonly string[] | undefined;
  errors: RuleErrors | undefined;
  open: boolean;
  onOpen: (key: string | null) => void;
  writable: boolean;
}

function RowMenu({ rule, at, count, edit, onOpen }: Pick<RuleRowProps, 'rule' | 'at' | 'count' | 'edit' | 'onOpen'>) {
  const { t } = useTranslation('routing');
  const to = (place: number) => (): void => edit((list) => moved(list, rule.key, place));
  const copy = (): void => {
    const twin = { ...rule, key: newKey(), name: t('copyOf', { name: rule.name }), root: withIds(plain(rule.root)) };
    edit((list) => inserted(list, twin, at + 1));
    onOpen(twin.key);
  };
  return (
    <Menu position="bottom-end" width={200}>
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" size={28} aria-label={t('moreOf', { name: rule.name || t('unnamed') })}><IconDotsVertical size={16} aria-hidden /></ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item leftSection={<IconArrowUp size={16} aria-hidden />} disabled={at === 0} onClick={to(at - 1)}>{t('up')}</Menu.Item>
        <Menu.Item leftSection={<IconArrowDown size={16} aria-hidden />} disabled={at === count - 1} onClick={to(at + 1)}>{t('down')}</Menu.Item>
        <Menu.Item leftSection={<IconArrowBarToUp size={16} aria-hidden />} disabled={at === 0} onClick={to(0)}>{t('first')}</Menu.Item>
        <Menu.Item leftSection={<IconArrowBarToDown size={16} aria-hidden />} disabled={at === count - 1} onClick={to(count)}>{t('last')}</Menu.Item>
        <Menu.Item leftSection={<IconCopy size={16} aria-hidden />} onClick={copy}>{t('duplicate')}</Menu.Item>
        <Menu.Divider />
        <Menu.Item leftSection={<IconTrash size={16} aria-hidden />} onClick={() => edit((list) => withoutRule(list, rule.key))}>{t('remove')}</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

function Says({ rule, fields, targets }: Pick<RuleRowProps, 'rule' | 'fields' | 'targets'>) {
  const { t } = useTranslation('routing');
  return (
    <span className={classes.says}>
      <span className={classes.when}>{conditionWords(rule.root, fields, t) || t('everyMessage')}</span>
      <span className={classes.does}>
        {rule.actions.map((action, at) => <span key={at} className={classes.action} data-kind={action.type}>{actionWords(action, targets, t)}</span>)}
        {rule.goesOn && <span className={classes.action}>{t('goesOn')}</span>}
      </span>
    </span>
  );
}

/** One rule: when, what, on or off; opened, its form. */
export function RuleRow(props: RuleRowProps) {
  const { rule, at, edit, tested, hit, warnings, errors, open, onOpen, writable } = props;
  const { t } = useTranslation('routing');
  const { attributes, listeners, setNodeRef, setActivatorNodeRef, transform, transition, isDragging } = useSortable({ id: rule.key });
  const style: CSSProperties = { transform: transform ? `translate3d(0, ${Math.round(transform.y)}px, 0)` : undefined, transition };
  const name = rule.name || t('unnamed');
  const notes = [...(errors?.values() ?? [])].slice(0, 3);
  return (
    <li ref={setNodeRef} style={style} className={classes.row} data-off={!rule.enabled || undefined} data-hit={hit || undefined} data-dragging={isDragging || undefined} data-wrong={errors ? true : undefined} data-rule={name}>
      <div className={classes.rowHead}>
        {writable && (
          <button ref={setActivatorNodeRef} type="button" className={classes.handle} {...attributes} {...listeners} aria-label={t('drag.handle', { name })}>
            <IconGripVertical size={16} aria-hidden />
          </button>
        )}
        <span className={classes.number}>{at + 1}</span>
        <button type="button" className={classes.open} aria-expanded={open} onClick={() => onOpen(open ? null : rule.key)}>
          <span className={classes.name}>
            {rule.locked && <IconLock size={13} aria-label={t('locked')} />}
            <strong>{name}</strong>
            {tested && rule.enabled && <Verdict result={tested.result} />}
            {hit && <span className={classes.hitMark}>{t('try.hit')}</span>}
          </span>
          {!open && <Says {...props} />}
          <IconChevronDown size={15} aria-hidden className={classes.chevron} />
        </button>
        <Switch size="md" aria-label={t('enabled', { name })} checked={rule.enabled} disabled={!writable} onChange={(event) => {
          const enabled = event.currentTarget.checked;
          edit((list) => withRule(list, rule.key, { enabled }));
        }} />
        {writable && <RowMenu {...props} />}
      </div>
      {!open && notes.map((note) => <p key={note} className={classes.wrong} role="alert">{note}</p>)}
      {(warnings ?? []).map((note) => <p key={note} className={classes.warning}><IconAlertTriangle size={14} aria-hidden />{note}</p>)}
      {open && <RuleForm {...props} />}
    </li>
  );
}

import { closestCenter, DndContext, KeyboardSensor, PointerSensor, useSensor, useSensors, type Announcements, type DragEndEvent } from '@dnd-kit/core';
import { SortableContext, sortableKeyboardCoordinates, verticalListSortingStrategy } from '@dnd-kit/sortable';
import { IconArrowsSplit2 } from '@tabler/icons-react';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import type { RoutingRules, RoutingTargets, RoutingTested } from '../../api/types';
import type { Field } from '../../ui/ConditionBuilder/fields';
import { EmptyState } from '../../ui/EmptyState';
import classes from './routing.module.css';
import { RuleRow } from './RuleRow';
import { moved } from './rules';
import type { RuleErrors } from './useSavingRules';
import type { RulesDraft } from './useRulesDraft';

const DRAG_PX = 5;

interface RuleListProps {
  draft: RulesDraft;
  saved: RoutingRules;
  fields: readonly Field[];
  targets: RoutingTargets;
  tested: RoutingTested | null;
  errors: ReadonlyMap<string, RuleErrors>;
  open: string | null;
  onOpen: (key: string | null) => void;
  writable: boolean;
}

/** The workspace's own rules. A rule is moved by its handle: with the pointer, or with Space and the arrows. */
export function RuleList({ draft, saved, fields, targets, tested, errors, open, onOpen, writable }: RuleListProps) {
  const { t } = useTranslation('routing');
  const { rules } = draft.list;
  const sensors = useSensors(useSensor(PointerSensor, { activationConstraint: { distance: DRAG_PX } }), useSensor(KeyboardSensor, { coordinateGetter: sortableKeyboardCoordinates }));
  const keys = useMemo(() => rules.map((rule) => rule.key), [rules]);
  const warnings = useMemo(() => {
    const found = new Map<string, string[]>();
    for (const { rule_id: id, detail } of saved.warnings) if (id) found.set(id, [...(found.get(id) ?? []), detail]);
    return found;
  }, [saved.warnings]);
  const said = (key: string | number): { name: string; place: number; count: number } => {
    const at = keys.indexOf(String(key));
    return { name: rules[at]?.name || t('unnamed'), place: at + 1, count: keys.length };
  };
  const announcements: Announcements = {
    onDragStart: ({ active }) => t('drag.start', said(active.id)),
    onDragOver: ({ active, over }) => (over ? t('drag.over', { ...said(active.id), place: said(over.id).place }) : undefined),
    onDragEnd: ({ active, over }) => t('drag.end', { ...said(active.id), place: said(over?.id ?? active.id).place }),
    onDragCancel: ({ active }) => t('drag.cancel', said(active.id)),
  };
  const onDragEnd = ({ active, over }: DragEndEvent): void => {
    if (over && over.id !== active.id) draft.edit((list) => moved(list, String(active.id), keys.indexOf(String(over.id))));
  };
  if (rules.length === 0) return <EmptyState icon={IconArrowsSplit2} title={t('none')} text={t('noneText')} />;
  return (
    <DndContext sensors={sensors} collisionDetection={closestCenter} accessibility={{ announcements, screenReaderInstructions: { draggable: t('drag.how') } }} onDragEnd={onDragEnd}>
      <SortableContext items={keys} strategy={verticalListSortingStrategy} disabled={!writable}>
        <ol className={classes.rows} aria-label={t('own')}>
          {rules.map((rule, at) => (
            <RuleRow
              key={rule.key}
              rule={rule}
              at={at}
              count={rules.length}
              edit={draft.edit}
              fields={fields}
              targets={targets}
              tested={tested?.rules.find((one) => one.id === rule.key)}
              hit={tested?.rule_id === rule.key}
              warnings={warnings.get(rule.key)}
              errors={errors.get(rule.key)}
              open={open === rule.key}
              onOpen={onOpen}
              writable={writable}
            />
          ))}
        </ol>
      </SortableContext>
    </DndContext>
  );
}

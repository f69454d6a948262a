import { ActionIcon, Button, Select, Textarea, TextInput } from '@mantine/core';
import { IconMessage2, IconPlus, IconTag, IconWebhook, IconX } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { RoutingAction, RoutingTargets } from '../../api/types';
import { TAG_CHARS_MAX } from '../../ui/TagField';
import classes from './routing.module.css';
import { DECIDING, decisionOf, isDeciding, PRIORITIES, withDecision, type Deciding } from './rules';
import type { RuleErrors } from './useSavingRules';

const ACTIONS_MAX = 8;
const ANSWER_CHARS_MAX = 1_600;
const NONE = 'none';

interface ActionsFormProps { actions: readonly RoutingAction[]; targets: RoutingTargets; errors: RuleErrors | undefined; readOnly: boolean; onChange: (actions: RoutingAction[], mark?: string) => void }

const named = (rows: readonly { id: string; name: string }[]) => rows.map(({ id, name }) => ({ value: id, label: name }));

/** The decision of a kind, with the first target there is. */
function decisionFor(kind: Deciding | typeof NONE, targets: RoutingTargets): RoutingAction | null {
  switch (kind) {
    case 'queue': return { type: 'queue', queue_id: targets.queues[0]?.id ?? '', priority: 0 };
    case 'flow': return { type: 'flow', flow_id: targets.flows[0]?.id ?? '' };
    case 'agent': return { type: 'agent', user_id: targets.users[0]?.id ?? '' };
    case 'close': return { type: 'close' };
    default: return null;
  }
}

function Target({ action, targets, readOnly, onChange }: { action: RoutingAction; targets: RoutingTargets; readOnly: boolean; onChange: (action: RoutingAction) => void }) {
  const { t } = useTranslation('routing');
  const common = { disabled: readOnly, searchable: true, allowDeselect: false, nothingFoundMessage: t('nothing'), className: classes.target };
  switch (action.type) {
    case 'queue': return (
      <>
        <Select {...common} aria-label={t('target.queue')} data={named(targets.queues)} value={action.queue_id || null} onChange={(id) => id && onChange({ ...action, queue_id: id })} />
        <Select
          className={classes.priority}
          aria-label={t('target.priority')}
          data={PRIORITIES.map((value) => ({ value: String(value), label: t('priorityOf', { name: t(`priority.${value}`) }) }))}
          value={String(action.priority ?? 0)}
          disabled={readOnly}
          allowDeselect={false}
          onChange={(value) => value && onChange({ ...action, priority: Number(value) as (typeof PRIORITIES)[number] })}
        />
      </>
    );
    case 'flow': return <Select {...common} aria-label={t('target.flow')} data={named(targets.flows)} value={action.flow_id || null} onChange={(id) => id && onChange({ ...action, flow_id: id })} />;
    case 'agent': return <Select {...common} aria-label={t('target.agent')} data={named(targets.users)} value={action.user_id || null} onChange={(id) => id && onChange({ ...action, user_id: id })} />;
    default: return null;
  }
}

/** Where the conversation goes, and what happens beside that. */
export function ActionsForm({ actions, targets, errors, readOnly, onChange }: ActionsFormProps) {
  const { t } = useTranslation('routing');
  const decision = decisionOf(actions);
  const full = actions.length >= ACTIONS_MAX;
  const put = (at: number, action: RoutingAction, mark = ''): void => onChange(actions.map((old, nth) => (nth === at ? action : old)), mark);
  const errorOf = (at: number): string | undefined => [...(errors ?? [])].find(([place]) => place.startsWith(`/actions/${at}`))?.[1];
  const decided = decision ? errorOf(actions.indexOf(decision)) : undefined;
  return (
    <div className={classes.actions}>
      <div className={classes.decision}>
        <Select
          className={classes.kind}
          aria-label={t('target.kind')}
          data={[...DECIDING, NONE].map((kind) => ({ value: kind, label: t(`kind.${kind}`) }))}
          value={decision?.type ?? NONE}
          disabled={readOnly}
          allowDeselect={false}
          onChange={(kind) => kind && onChange(withDecision(actions, decisionFor(kind as Deciding, targets)))}
        />
        {decision && <Target action={decision} targets={targets} readOnly={readOnly} onChange={(action) => onChange(withDecision(actions, action))} />}
      </div>
      {decided && <p className={classes.wrong} role="alert">{decided}</p>}
      {actions.map((action, at) => {
        if (isDeciding(action)) return null;
        const error = errorOf(at);
        return (
          <div key={at} className={classes.beside}>
            {action.type === 'answer' && (
              <Textarea label={t('answer')} description={t('answerHint')} autosize minRows={2} maxRows={8} maxLength={ANSWER_CHARS_MAX} value={action.text} error={error} disabled={readOnly} dir="auto" className={classes.besideField} onChange={(event) => put(at, { ...action, text: event.currentTarget.value }, `answer ${at}`)} />
            )}
            {action.type === 'tag' && (
              <>
              <Select label={t('tagOn')} className={classes.kind} data={[{ value: 'contact', label: t('on.contact') }, { value: 'conversation', label: t('on.conversation') }]} value={action.on ?? 'contact'} disabled={readOnly} allowDeselect={false} onChange={(on) => on && put(at, { ...action, on: on as 'contact' })} />
              <TextInput label={t('tag')} maxLength={TAG_CHARS_MAX} value={action.tag} error={error} disabled={readOnly} className={classes.besideField} onChange={(event) => put(at, { ...action, tag: event.currentTarget.value }, `tag ${at}`)} />
              </>
            )}
            {action.type === 'webhook' && (
              <Select label={t('webhook')} description={t('webhookHint')} className={classes.besideField} data={named(targets.webhooks)} value={action.endpoint_id || null} error={error} disabled={readOnly} allowDeselect={false} nothingFoundMessage={t('nothing')} onChange={(id) => id && put(at, { ...action, endpoint_id: id })} />
            )}
            {!readOnly && <ActionIcon variant="subtle" color="gray" size={28} aria-label={t('removeAction', { place: at + 1 })} onClick={() => onChange(actions.filter((_, nth) => nth !== at))}><IconX size={15} aria-hidden /></ActionIcon>}
          </div>
        );
      })}
      {!readOnly && (
        <div className={classes.adders}>
          <Button size="xs" variant="default" disabled={full} leftSection={<IconMessage2 size={14} aria-hidden />} onClick={() => onChange([...actions, { type: 'answer', text: '' }])}>{t('addAnswer')}</Button>
          <Button size="xs" variant="default" disabled={full} leftSection={<IconTag size={14} aria-hidden />} onClick={() => onChange([...actions, { type: 'tag', tag: '' }])}>{t('addTag')}</Button>
          {targets.webhooks[0] && <Button size="xs" variant="default" disabled={full} leftSection={<IconWebhook size={14} aria-hidden />} onClick={() => targets.webhooks[0] && onChange([...actions, { type: 'webhook', endpoint_id: targets.webhooks[0].id }])}>{t('addWebhook')}</Button>}
          {full && <span className={classes.note}><IconPlus size={13} aria-hidden />{t('full', { count: ACTIONS_MAX })}</span>}
        </div>
      )}
    </div>
  );
}

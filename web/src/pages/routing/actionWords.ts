/** What an action does and where a conversation goes, in short words. */
import type { TFunction } from 'i18next';
import type { RoutingAction, RoutingOutcome, RoutingTargets } from '../../api/types';

const SHOWN_CHARS = 60;

export function actionWords(action: RoutingAction, targets: RoutingTargets, t: TFunction): string {
  switch (action.type) {
    case 'queue': {
      const name = targets.queues.find((queue) => queue.id === action.queue_id)?.name ?? t('routing:gone');
      const priority = action.priority ?? 0;
      return priority === 0 ? t('routing:does.queue', { name }) : t('routing:does.queuePriority', { name, priority: t(`routing:priority.${priority}`) });
    }
    case 'flow': return t('routing:does.flow', { name: targets.flows.find((flow) => flow.id === action.flow_id)?.name ?? t('routing:gone') });
    case 'agent': return t('routing:does.agent', { name: targets.users.find((user) => user.id === action.user_id)?.name ?? t('routing:gone') });
    case 'answer': return t('routing:does.answer', { text: action.text.length > SHOWN_CHARS ? `${action.text.slice(0, SHOWN_CHARS)}…` : action.text });
    case 'tag': return t(action.on === 'conversation' ? 'routing:does.tagConversation' : 'routing:does.tag', { tag: action.tag });
    case 'webhook': return t('routing:does.webhook', { name: targets.webhooks.find((hook) => hook.id === action.endpoint_id)?.name ?? t('routing:gone') });
    case 'close': return t('routing:does.close');
  }
}

export function outcomeWords({ type, name, priority }: RoutingOutcome, t: TFunction): string {
  switch (type) {
    case 'queue': return priority === 0 ? t('routing:does.queue', { name }) : t('routing:does.queuePriority', { name, priority: t(`routing:priority.${priority}`) });
    case 'flow': return t('routing:does.flow', { name });
    case 'agent': return t('routing:does.agent', { name });
    case 'close': return t('routing:does.close');
    default: return t('routing:does.nothing');
  }
}

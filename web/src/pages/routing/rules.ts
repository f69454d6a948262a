/** The list of rules as it is edited. All pure. */
import { plain, sameCondition, withIds, type Group } from '../../ui/ConditionBuilder/condition';
import type { RoutingAction, RoutingBody, RoutingRules, RoutingTargets } from '../../api/types';
import { publicId } from '../../ui/publicId';

export interface DraftRule {
  /** Its id; a new rule has one from the start, so that a trial can speak of it. */
  key: string;
  name: string;
  enabled: boolean;
  locked: boolean;
  goesOn: boolean;
  root: Group;
  actions: RoutingAction[];
}

export interface DraftList { rules: DraftRule[]; fallback: string | null }

export const DECIDING = ['queue', 'flow', 'agent', 'close'] as const;
export type Deciding = (typeof DECIDING)[number];
export const PRIORITIES = [2, 1, 0, -1] as const;

export const isDeciding = (action: RoutingAction): boolean => (DECIDING as readonly string[]).includes(action.type);
export const decisionOf = (actions: readonly RoutingAction[]): RoutingAction | undefined => actions.find(isDeciding);

export function draftOf(saved: Pick<RoutingRules, 'rules' | 'fallback_queue_id'>): DraftList {
  return {
    rules: saved.rules.map((rule) => ({
      key: rule.id, name: rule.name, enabled: rule.enabled, locked: rule.locked, goesOn: rule.continue, root: withIds(rule.condition), actions: rule.actions,
    })),
    fallback: saved.fallback_queue_id,
  };
}

export const bodyOf = (draft: DraftList): RoutingBody => ({
  rules: draft.rules.map(({ key, name, enabled, locked, goesOn, root, actions }) => ({
    id: key, name: name.trim(), enabled, locked, continue: goesOn && decisionOf(actions) === undefined, condition: plain(root), actions,
  })),
  fallback_queue_id: draft.fallback,
});

const sameRule = (one: DraftRule, other: DraftRule): boolean =>
  one === other
  || (one.key === other.key && one.name === other.name && one.enabled === other.enabled && one.locked === other.locked && one.goesOn === other.goesOn
    && JSON.stringify(one.actions) === JSON.stringify(other.actions) && sameCondition(one.root, other.root));

/** Equal as the API sees them. */
export const sameList = (one: DraftList, other: DraftList): boolean =>
  one.fallback === other.fallback && one.rules.length === other.rules.length && one.rules.every((rule, at) => sameRule(rule, other.rules[at]!));

/** The list with one rule at another place. */
export function moved(list: DraftList, key: string, to: number): DraftList {
  const rule = list.rules.find((one) => one.key === key);
  if (!rule) return list;
  const rest = list.rules.filter((one) => one.key !== key);
  const at = Math.max(0, Math.min(rest.length, to));
  return { ...list, rules: [...rest.slice(0, at), rule, ...rest.slice(at)] };
}

export const withRule = (list: DraftList, key: string, part: Partial<DraftRule>): DraftList => ({ ...list, rules: list.rules.map((rule) => (rule.key === key ? { ...rule, ...part } : rule)) });

export const newKey = (): string => publicId('rul', crypto.randomUUID());

export const withoutRule = (list: DraftList, key: string): DraftList => ({ ...list, rules: list.rules.filter((rule) => rule.key !== key) });

/** A new rule at `at`, or a copy of another behind it. */
export function inserted(list: DraftList, rule: DraftRule, at = list.rules.length): DraftList {
  return { ...list, rules: [...list.rules.slice(0, at), rule, ...list.rules.slice(at)] };
}

export const firstAction = (targets: RoutingTargets): RoutingAction => {
  const queue = targets.queues[0];
  return queue ? { type: 'queue', queue_id: queue.id, priority: 0 } : { type: 'close' };
};

/** The actions with another decision in the place of the old one; null: none. */
export function withDecision(actions: readonly RoutingAction[], decision: RoutingAction | null): RoutingAction[] {
  const at = actions.findIndex(isDeciding);
  const rest = actions.filter((action) => !isDeciding(action));
  if (!decision) return rest;
  const place = at < 0 ? 0 : at;
  return [...rest.slice(0, place), decision, ...rest.slice(place)];
}

/** `/rules/3/condition/rules/0/value` → the number of the rule and what is left. */
export function ruleOf(pointer: string): { at: number; rest: string } | null {
  const hit = /^(?:\/draft)?\/rules\/(\d+)(\/.*)?$/.exec(pointer);
  return hit ? { at: Number(hit[1]), rest: hit[2] ?? '' } : null;
}

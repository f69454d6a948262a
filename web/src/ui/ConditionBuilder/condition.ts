/** Conditions as the builder edits them: the JSON of react-querybuilder, changed by its own tree functions. All pure. */
import { add, findPath, insert, move, prepareRuleGroup, regenerateIDs, remove, update, type Path, type RuleGroupType, type RuleType } from 'react-querybuilder';
import type { PlainGroup, PlainRule } from '../../api/types';
import { combinatorOf, matchOf, MATCHES, type Match } from './match';

export { combinatorOf, matchOf, MATCHES, type Match };

export type Rule = RuleType;
export type Group = RuleGroupType;
export type Node = Rule | Group;

export type { PlainGroup, PlainRule };

export const RULES_MAX = 100;
export const DEPTH_MAX = 8;

export const isGroup = (node: Node): node is Group => 'rules' in node;
export const isPlainGroup = (node: PlainGroup | PlainRule): node is PlainGroup => 'rules' in node;

export const emptyGroup = (): Group => prepareRuleGroup({ combinator: 'and', not: false, rules: [] });

/** A condition of the API with an id on each node, so that the screen can follow what moves. */
export const withIds = (condition: PlainGroup | null | undefined): Group =>
  condition ? (prepareRuleGroup(structuredClone(condition) as unknown as Group) as Group) : emptyGroup();

export function plain(group: Group): PlainGroup {
  const node = (one: Node): PlainGroup | PlainRule => {
    if (isGroup(one)) return plain(one);
    const { field, operator, value } = one;
    return value === undefined || value === null ? { field, operator, value: null } : { field, operator, value: value as unknown };
  };
  return { combinator: group.combinator === 'or' ? 'or' : 'and', not: group.not ?? false, rules: (group.rules as Node[]).map(node) };
}

/** Equal as the API sees them. */
export const sameCondition = (one: Group, other: Group): boolean => JSON.stringify(plain(one)) === JSON.stringify(plain(other));

export const ruleCount = (node: Node): number => (isGroup(node) ? (node.rules as Node[]).reduce((sum, one) => sum + ruleCount(one), 0) : 1);

export const depthOf = (node: Node): number => (isGroup(node) ? 1 + Math.max(0, ...(node.rules as Node[]).map(depthOf)) : 0);

export interface Pruned {
  condition: PlainGroup;
  /** Place in the pruned condition (`/rules/0`) → id of the node in the builder. */
  ids: Map<string, string>;
  left: number;
}

/** The condition without what is not finished yet, and where each place of it stands in the builder. */
export function prune(group: Group, finished: (rule: Rule) => boolean): Pruned {
  const ids = new Map<string, string>();
  let left = 0;
  const walk = (one: Group, pointer: string): PlainGroup => {
    const rules: (PlainGroup | PlainRule)[] = [];
    ids.set(pointer, one.id ?? '');
    for (const child of one.rules as Node[]) {
      const at = `${pointer}/rules/${rules.length}`;
      if (isGroup(child)) {
        const before = new Map(ids);
        const inner = walk(child, at);
        if (inner.rules.length > 0) {
          rules.push(inner);
        } else {
          ids.clear();
          for (const [key, id] of before) ids.set(key, id);
        }
      } else if (finished(child)) {
        ids.set(at, child.id ?? '');
        rules.push({ field: child.field, operator: child.operator, value: (child.value as unknown) ?? null });
      } else {
        left += 1;
      }
    }
    return { combinator: one.combinator === 'or' ? 'or' : 'and', not: one.not ?? false, rules };
  };
  return { condition: walk(group, ''), ids, left };
}

/** Ids of the nodes in the order of their places, for a condition that was sent whole. */
export const placesOf = (group: Group): Map<string, string> => prune(group, () => true).ids;

/** `/condition/rules/0/rules/2/value` → the place of its node, `/rules/0/rules/2`. Null for what is no place in a condition. */
export function placeOf(pointer: string): string | null {
  const hit = /^(?:\/condition)?((?:\/rules\/\d+)*)(?:\/(?:value|field|operator|combinator|not)(?:\/.*)?|\/rules)?$/.exec(pointer);
  return hit ? (hit[1] ?? '') : null;
}

export function pathOfId(group: Group, id: string): Path | null {
  const walk = (node: Node, path: Path): Path | null => {
    if (node.id === id) return path;
    if (!isGroup(node)) return null;
    for (const [at, child] of (node.rules as Node[]).entries()) {
      const found = walk(child, [...path, at]);
      if (found) return found;
    }
    return null;
  };
  return walk(group, []);
}

/** `1.2` for the second rule of the group that is the first row: names a row to people who cannot see it. */
export const placeName = (path: Path): string => path.map((at) => at + 1).join('.');

export const addRule = (group: Group, parent: Path, rule: Omit<Rule, 'id'>): Group => add(group, rule as Rule, parent);

export const addGroup = (group: Group, parent: Path, rule: Omit<Rule, 'id'>): Group =>
  add(group, { combinator: 'or', not: false, rules: [rule as Rule] }, parent);

export const setMatch = (group: Group, path: Path, match: Match): Group => {
  const { combinator, not } = combinatorOf(match);
  return update(update(group, 'combinator', combinator, path), 'not', not, path);
};

/** Changes a rule as one step: field, operator and value belong together. */
export function setRule(group: Group, path: Path, change: Partial<Pick<Rule, 'field' | 'operator' | 'value'>>): Group {
  const at = path.at(-1);
  const parent = findPath(path.slice(0, -1), group) as Group | null;
  if (at === undefined || !parent) return group;
  const rules = (parent.rules as Node[]).map((node, index) => (index === at ? { ...node, ...change } : node));
  return replaceRules(group, path.slice(0, -1), rules);
}

function replaceRules(group: Group, path: Path, rules: Node[]): Group {
  const [at, ...rest] = path;
  if (at === undefined) return { ...group, rules: rules as Group['rules'] };
  return { ...group, rules: (group.rules as Node[]).map((node, index) => (index === at && isGroup(node) ? replaceRules(node, rest, rules) : node)) as Group['rules'] };
}

export const removeAt = (group: Group, path: Path): Group => remove(group, path);

/** One row up or down as it is read, so into the group above or below and out of its own: every place can be reached by keys. */
export const shift = (group: Group, path: Path, direction: 'up' | 'down'): Group => move(group, path, direction);

export function duplicate(group: Group, path: Path): Group {
  const node = findPath(path, group) as Node | null;
  const at = path.at(-1);
  if (!node || at === undefined) return group;
  return insert(group, regenerateIDs(node) as Node, [...path.slice(0, -1), at + 1]);
}

/** Puts a row into a group of its own, where a second one can join it. */
export function nest(group: Group, path: Path): Group {
  const node = findPath(path, group) as Node | null;
  const at = path.at(-1);
  const parent = findPath(path.slice(0, -1), group) as Group | null;
  if (!node || at === undefined || !parent) return group;
  const box = { ...emptyGroup(), combinator: 'or', rules: [node] } as Group;
  return replaceRules(group, path.slice(0, -1), (parent.rules as Node[]).map((one, index) => (index === at ? box : one)));
}

/** Takes the rows of a group up into the group around it. */
export function unnest(group: Group, path: Path): Group {
  const node = findPath(path, group) as Node | null;
  const at = path.at(-1);
  const parent = findPath(path.slice(0, -1), group) as Group | null;
  if (!node || !isGroup(node) || at === undefined || !parent) return group;
  return replaceRules(group, path.slice(0, -1), (parent.rules as Node[]).flatMap((one, index) => (index === at ? (node.rules as Node[]) : one)));
}

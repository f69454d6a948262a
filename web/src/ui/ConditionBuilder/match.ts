/** How a group of rules matches. Apart from the builder, so that a screen that only shows conditions does not carry it. */

/** How a group matches, in the words of the screen in place of and, or, not. */
export const MATCHES = ['all', 'any', 'none', 'notAll'] as const;
export type Match = (typeof MATCHES)[number];

export function matchOf(group: { combinator?: string; not?: boolean }): Match {
  if (group.combinator === 'or') return group.not ? 'none' : 'any';
  return group.not ? 'notAll' : 'all';
}

export const combinatorOf = (match: Match): { combinator: 'and' | 'or'; not: boolean } => ({
  combinator: match === 'any' || match === 'none' ? 'or' : 'and',
  not: match === 'none' || match === 'notAll',
});

/** Which step lies next in a direction. Pure. */
import type { Step } from '../document';

export type Direction = 'left' | 'right' | 'up' | 'down';
export const DIRECTIONS: Readonly<Record<string, Direction>> = { ArrowLeft: 'left', ArrowRight: 'right', ArrowUp: 'up', ArrowDown: 'down' };
const ASIDE = 2.5;

/** The nearest step that way: distance aside counts more than distance ahead. Null where there is none. */
export function neighbour(nodes: readonly Step[], from: string, direction: Direction): string | null {
  const own = nodes.find((node) => node.id === from);
  if (!own) return null;
  const axis = direction === 'left' || direction === 'right' ? 'x' : 'y';
  const other = axis === 'x' ? 'y' : 'x';
  const sign = direction === 'left' || direction === 'up' ? -1 : 1;
  let best: { id: string; distance: number } | null = null;
  for (const node of nodes) {
    const ahead = (node.position[axis] - own.position[axis]) * sign;
    if (node.id === from || ahead <= 0) continue;
    const distance = ahead + Math.abs(node.position[other] - own.position[other]) * ASIDE;
    if (!best || distance < best.distance) best = { id: node.id, distance };
  }
  return best?.id ?? null;
}

/** Steps in the order in which they are read: from top to bottom, then from left to right. */
export const inReadingOrder = (nodes: readonly Step[]): Step[] => nodes.toSorted((one, other) => one.position.y - other.position.y || one.position.x - other.position.x);

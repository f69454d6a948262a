/** The difference of two conditions as lines that stayed, came and went. Pure. */
import type { PlainGroup, PlainRule } from './condition';
import { isPlainGroup, matchOf, type Match } from './condition';

export interface Line { depth: number; match?: Match; rule?: PlainRule }
export interface DifferenceLine extends Line { change: 'same' | 'added' | 'removed' }

export function linesOf(group: PlainGroup, depth = 0): Line[] {
  return [
    { depth, match: matchOf(group) },
    ...group.rules.flatMap((node) => (isPlainGroup(node) ? linesOf(node, depth + 1) : [{ depth: depth + 1, rule: node }])),
  ];
}

const keyOf = (line: Line): string => JSON.stringify([line.depth, line.match ?? null, line.rule?.field ?? null, line.rule?.operator ?? null, line.rule?.value ?? null]);

/** Longest common lines stay; the rest is removed or added, in reading order. At most 200 lines a side, so n × m is small. */
export function difference(before: PlainGroup, after: PlainGroup): DifferenceLine[] {
  const [old, fresh] = [linesOf(before), linesOf(after)];
  const [oldKeys, freshKeys] = [old.map(keyOf), fresh.map(keyOf)];
  const best: number[][] = Array.from({ length: old.length + 1 }, () => Array.from({ length: fresh.length + 1 }, () => 0));
  const length = (i: number, j: number): number => best[i]?.[j] ?? 0;
  for (let i = old.length - 1; i >= 0; i -= 1) {
    for (let j = fresh.length - 1; j >= 0; j -= 1) {
      const row = best[i];
      if (row) row[j] = oldKeys[i] === freshKeys[j] ? length(i + 1, j + 1) + 1 : Math.max(length(i + 1, j), length(i, j + 1));
    }
  }
  const lines: DifferenceLine[] = [];
  let [i, j] = [0, 0];
  while (i < old.length || j < fresh.length) {
    const [gone, come] = [old[i], fresh[j]];
    if (gone && come && oldKeys[i] === freshKeys[j]) {
      lines.push({ ...come, change: 'same' });
      i += 1;
      j += 1;
    } else if (gone && (!come || length(i + 1, j) >= length(i, j + 1))) {
      lines.push({ ...gone, change: 'removed' });
      i += 1;
    } else if (come) {
      lines.push({ ...come, change: 'added' });
      j += 1;
    }
  }
  return lines;
}

import { expect, test } from 'vitest';

type Tree = { [key: string]: string | Tree };

const areas = import.meta.glob<Tree>('./en/*.json', { eager: true, import: 'default' });
const sources = import.meta.glob<string>(['../**/*.{ts,tsx}', '!../**/*.test.*'], { eager: true, query: '?raw', import: 'default' });

function flat(tree: Tree, prefix: string): string[] {
  return Object.entries(tree).flatMap(([key, value]) => (typeof value === 'string' ? [prefix + key] : flat(value, `${prefix}${key}.`)));
}

const known = new Set(Object.entries(areas).flatMap(([name, tree]) => flat(tree, `${/(\w+)\.json$/.exec(name)?.[1]}:`)));

/** `t('key')` in a file that names its area by useTranslation, or `t('area:key')`. */
function used(text: string): string[] {
  const area = /useTranslation\('(\w+)'\)/.exec(text)?.[1] ?? 'common';
  const plain = [...text.matchAll(/\bt\(\s*'([^'$]+)'/g)].map(([, key = '']) => key);
  const chosen = [...text.matchAll(/\bt\([^'()]+\? '([^'$]+)' : '([^'$]+)'\)/g)].flatMap(([, one = '', other = '']) => [one, other]);
  return [...plain, ...chosen].map((key) => (key.includes(':') ? key : `${area}:${key}`));
}

test('every text that the code asks for exists', () => {
  const keys = Object.values(sources).flatMap(used);
  expect(keys.length).toBeGreaterThan(100);
  expect(keys.filter((key) => !known.has(key) && !known.has(`${key}_other`))).toEqual([]);
});

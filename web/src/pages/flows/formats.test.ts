import { expect, test } from 'vitest';
import { formatOf } from './formats';

test.each([
  [{ flows: [] }, 'textit'],
  [{ spec_version: '13.1.0', nodes: [] }, 'textit'],
  [{ spec_version: '14.3.0', nodes: [] }, 'textit'],
  [{ spec_version: 2, nodes: [] }, 'parley'],
  [{ name: 'Tea', document: { spec_version: 2 } }, 'parley'],
] as const)('%o is told by its spec', (raw, format) => expect(formatOf(raw)).toBe(format));

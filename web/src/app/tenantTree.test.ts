import { expect, test } from 'vitest';
import type { Tenant } from '../api/types';
import { treeOrder } from './tenantTree';

const tenant = (id: string, parent_id: string | null, name: string): Tenant => ({ id, parent_id, name, kind: 'organization', depth: 0 });
const TENANTS = [tenant('s', 'a', 'South'), tenant('a', 'p', 'Acme'), tenant('n', 'a', 'North'), tenant('b', 'p', 'Brook'), tenant('p', null, 'Platform')];
const names = (search: string): string[] => treeOrder(TENANTS, search).map((row) => `${row.depth} ${row.tenant.name}`);

test('tree order', () => {
  expect(names('')).toEqual(['0 Platform', '1 Acme', '2 North', '2 South', '1 Brook']);
});

test('a search keeps the way to its hits', () => {
  expect(names('nor')).toEqual(['0 Platform', '1 Acme', '2 North']);
  expect(names('nothing')).toEqual([]);
});

test('a subtree starts at its own top', () => {
  expect(treeOrder(TENANTS.slice(0, 3), '').map((row) => row.depth)).toEqual([0, 1, 1]);
});

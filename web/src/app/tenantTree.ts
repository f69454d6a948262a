import type { Tenant } from '../api/types';

export interface TreeRow { tenant: Tenant; depth: number }

/** Tenants in tree order, children by name below their parent. A search keeps hits and the parents that lead to them. */
export function treeOrder(tenants: Tenant[], search: string): TreeRow[] {
  const ids = new Set(tenants.map((tenant) => tenant.id));
  const wanted = search.trim().toLocaleLowerCase();
  const children = (parent: string | null): Tenant[] =>
    tenants
      .filter((tenant) => (parent === null ? tenant.parent_id === null || !ids.has(tenant.parent_id) : tenant.parent_id === parent))
      .toSorted((a, b) => a.name.localeCompare(b.name));
  const walk = (parent: string | null, depth: number): TreeRow[] =>
    children(parent).flatMap((tenant) => {
      const below = walk(tenant.id, depth + 1);
      const hit = wanted === '' || tenant.name.toLocaleLowerCase().includes(wanted);
      return hit || below.length > 0 ? [{ tenant, depth }, ...below] : [];
    });
  return walk(null, 0);
}

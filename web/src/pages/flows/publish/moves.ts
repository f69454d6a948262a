/** Who is inside of a flow while it is published anew, and where they could go on. All pure. */
import { stepOf, type FlowDocument } from '../editor/document';
import type { InFlight } from '../../../api/flowPublish';

/** How many stand at a step, over all versions. `version`: the newest that somebody stands in. */
export interface Standing { node: string; count: number; stuck: number; version: number }

/** The steps that people stand at, most people first. */
export function standings({ items }: Pick<InFlight, 'items'>): Standing[] {
  const found = new Map<string, Standing>();
  for (const { node, count, status, version } of items) {
    const before = found.get(node) ?? { node, count: 0, stuck: 0, version: 0 };
    found.set(node, { node, count: before.count + count, stuck: before.stuck + (status === 'stuck' ? count : 0), version: Math.max(before.version, version) });
  }
  return [...found.values()].toSorted((one, other) => other.count - one.count || one.node.localeCompare(other.node));
}

/** Those at steps that the new version does not have. */
export const vanished = (all: readonly Standing[], next: FlowDocument): Standing[] => all.filter(({ node }) => !stepOf(next, node));

/**
 * Where those at a step that is gone best go on: at a new step of the same kind that says the same, else at the one that stands in
 * its place, else at the only one. Null where none suggests itself.
 */
export function proposed(node: string, old: FlowDocument, next: FlowDocument): string | null {
  const step = stepOf(old, node);
  if (!step) return null;
  const fresh = next.nodes.filter((one) => one.type === step.type && !stepOf(old, one.id));
  const same = fresh.filter((one) => JSON.stringify(one.data) === JSON.stringify(step.data));
  const before = old.edges.filter((edge) => edge.target === node);
  const led = next.edges.filter((edge) => before.some((one) => one.source === edge.source && one.port === edge.port)).map((edge) => edge.target);
  const inPlace = fresh.filter((one) => led.includes(one.id));
  for (const found of [same, inPlace, fresh]) if (found.length === 1) return found[0]?.id ?? null;
  return null;
}

/** How many would be stuck with this mapping. */
export const stranded = (gone: readonly Standing[], mapping: Readonly<Record<string, string>>): number => gone.filter(({ node }) => !mapping[node]).reduce((sum, one) => sum + one.count, 0);

/** Figures of a version, as they lie on the canvas. All pure. */
import type { FlowFigures, NodeFigures, WayFigures } from '../../../api/flowLive';
import { wayId } from '../editor/document';

/** 0..4: how much of the crowd goes here. Numbers are always written: the tint only helps to find them. */
export function heatOf(count: number, started: number): number {
  if (count === 0 || started === 0) return 0;
  return Math.max(1, Math.min(4, Math.ceil((count / started) * 4)));
}

/** The median time that a step takes: of the port that most left by. Seconds, or null. */
export function tookOf(figures: FlowFigures, node: string): number | null {
  const timed = figures.ways.filter((way) => way.source === node && way.median_s !== null);
  return timed.toSorted((one, other) => other.count - one.count)[0]?.median_s ?? null;
}

export const waysById = (figures: FlowFigures): ReadonlyMap<string, WayFigures> => new Map(figures.ways.map((way) => [wayId(way), way]));

/** The steps behind which somebody went on. */
export const goesOn = ({ ways }: Pick<FlowFigures, 'ways'>): ReadonlySet<string> => new Set(ways.filter((way) => way.target !== null).map((way) => way.source));

export const standing = ({ waiting, stuck }: NodeFigures): number => waiting + stuck;

/** The steps with anything to tell, most who came first. */
export const told = (figures: FlowFigures): NodeFigures[] => figures.nodes.filter((node) => node.entered + standing(node) > 0).toSorted((one, other) => other.entered - one.entered);

/** Everything that is drawn of the figures, so that equal ones draw nothing anew. */
export const signature = (figures: FlowFigures): string => JSON.stringify([figures.version, figures.started, figures.nodes, figures.ways]);

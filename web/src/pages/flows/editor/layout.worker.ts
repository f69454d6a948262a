import { Graph, layout } from '@dagrejs/dagre';
import type { LayoutAnswer, LayoutQuestion } from './tidy';

const GAP = { rankdir: 'TB', nodesep: 40, ranksep: 70, marginx: 0, marginy: 0 };
const GRID = 20;

addEventListener('message', ({ data }: MessageEvent<LayoutQuestion>) => {
  const graph = new Graph();
  graph.setGraph(GAP);
  graph.setDefaultEdgeLabel(() => ({}));
  for (const { id, width, height } of data.nodes) graph.setNode(id, { width, height });
  for (const { source, target } of data.edges) graph.setEdge(source, target);
  layout(graph);
  const answer: LayoutAnswer = data.nodes.map(({ id, width, height }) => {
    const { x = 0, y = 0 } = graph.node(id) as { x?: number; y?: number };
    return [id, { x: Math.round((x - width / 2) / GRID) * GRID, y: Math.round((y - height / 2) / GRID) * GRID }];
  });
  postMessage(answer);
});

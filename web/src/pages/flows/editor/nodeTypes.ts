/** The kinds of steps that there are, by type; loaded before a page with flows is drawn. */
import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { flowNodesQuery } from '../../../api/flows';
import type { NodeType } from './document';

const NONE: NodeType[] = [];

export function useNodeTypes(): ReadonlyMap<string, NodeType> {
  const { data } = useQuery(flowNodesQuery);
  const items = data?.items ?? NONE;
  return useMemo(() => new Map(items.map((item) => [item.type, item])), [items]);
}

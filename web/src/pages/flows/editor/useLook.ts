/** Has the draft looked at after each save: what is wrong or doubtful, as one draws. */
import { useQuery } from '@tanstack/react-query';
import { useEffect, useMemo } from 'react';
import { flowLookQuery } from '../../../api/flows';
import { useStore } from '../../../app/store';
import type { Trouble as Mark } from './canvas/shapes';
import { useEditor } from './editor';
import { troublesOf, type Trouble } from './inspector/errors';

export function useLook(): void {
  const editor = useEditor();
  const draft = useStore(editor.draft);
  const { data } = useQuery(flowLookQuery(editor.flowId, draft));
  useEffect(() => {
    if (data) editor.look.set(data);
  }, [data, editor]);
}

export function useTroubles(): Trouble[] {
  const editor = useEditor();
  const look = useStore(editor.look);
  return useMemo(() => troublesOf(look), [look]);
}

/** The worst of each step, for its box. */
export function useTroubleMarks(): ReadonlyMap<string, Mark> {
  const troubles = useTroubles();
  return useMemo(() => {
    const found = new Map<string, Mark>();
    for (const { node, severity } of troubles) if (found.get(node) !== 'error') found.set(node, severity);
    return found;
  }, [troubles]);
}

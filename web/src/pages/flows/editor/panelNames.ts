/** The tabs at the right, in their order. A tab is a component by name; it finds the flow by `useEditor()`. */
import { lazy, type ComponentType } from 'react';
import { loadArea } from '../../../i18n';

export const PANELS: Readonly<Record<string, ComponentType>> = {
  inspector: lazy(async () => ({ default: (await import('./inspector/InspectorPanel')).InspectorPanel })),
  simulator: lazy(async () => {
    await loadArea('simulator');
    return { default: (await import('../simulator/SimulatorPanel')).SimulatorPanel };
  }),
  problems: lazy(async () => ({ default: (await import('./ProblemsPanel')).ProblemsPanel })),
  comments: lazy(async () => ({ default: (await import('./CommentsPanel')).CommentsPanel })),
  live: lazy(async () => {
    await loadArea('flowlive');
    return { default: (await import('../live/LivePanel')).LivePanel };
  }),
  experiments: lazy(async () => {
    await loadArea('experiments');
    return { default: (await import('../experiments/ExperimentsPanel')).ExperimentsPanel };
  }),
  compare: lazy(async () => {
    await loadArea('flowlive');
    return { default: (await import('../diff/ComparePanel')).ComparePanel };
  }),
};

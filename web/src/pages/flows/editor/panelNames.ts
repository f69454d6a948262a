/** The tabs at the right, in their order. A tab is a component by name; it finds the flow by `useEditor()`. */
import { lazy, type ComponentType } from 'react';

export const PANELS: Readonly<Record<string, ComponentType>> = {
  inspector: lazy(async () => ({ default: (await import('./inspector/InspectorPanel')).InspectorPanel })),
};

/** The one that saves the draft, for those who need everything saved first. */
import { createContext, use } from 'react';
import type { DraftSaver } from './saving';

export const SaverContext = createContext<DraftSaver | null>(null);

export function useSaver(): DraftSaver {
  const saver = use(SaverContext);
  if (!saver) throw new Error('outside a flow editor');
  return saver;
}

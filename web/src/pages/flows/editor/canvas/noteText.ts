/** How a note on the canvas says that its words were changed. */
import { createContext, use } from 'react';

export const NoteText = createContext<(id: string, text: string) => void>(() => undefined);

export const useNoteText = (): ((id: string, text: string) => void) => use(NoteText);

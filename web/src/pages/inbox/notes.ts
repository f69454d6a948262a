/** Notes of the team between the messages of a thread, and the name that is being typed after an @. */
import type { TimelineEntry } from '../../api/contactTypes';
import type { TimelineItem } from './timeline';

export type ThreadItem = TimelineItem | { kind: 'note'; key: string; note: TimelineEntry };

const AT = /(^|\s)@([^@\n]{0,40})$/u;

/** `items` with the notes at their time; notes from before the first message stay away while older ones are not loaded. */
export function withNotes(items: TimelineItem[], notes: readonly TimelineEntry[], more: boolean): ThreadItem[] {
  const oldestFirst = notes.toReversed().toSorted((a, b) => Date.parse(a.at) - Date.parse(b.at));
  const first = items.find((item) => item.kind === 'message');
  const from = first?.kind === 'message' ? Date.parse(first.message.created_at) : null;
  const left = oldestFirst.filter((note) => !more || from === null || Date.parse(note.at) >= from);
  const found: ThreadItem[] = [];
  const put = (before: number): void => {
    while (left[0] && Date.parse(left[0].at) < before) {
      const [note] = left.splice(0, 1);
      if (note) found.push({ kind: 'note', key: note.id, note });
    }
  };
  for (const item of items) {
    if (item.kind === 'message') put(Date.parse(item.message.created_at));
    found.push(item);
  }
  put(Number.POSITIVE_INFINITY);
  return found;
}

/** What follows the @ at the end of a text, or null when nobody is being named. */
export const atWord = (text: string): string | null => AT.exec(text)?.[2] ?? null;

/** `text` with the whole name in place of what was typed of it. */
export const withName = (text: string, name: string): string => text.replace(AT, (_, before: string) => `${before}@${name} `);

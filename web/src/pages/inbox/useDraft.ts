import { useCallback, useEffect, useRef, useState } from 'react';
import { draftKey, readDraft, writeDraft } from '../../app/drafts';
import { useMe } from '../../app/session';

const SAVE_MS = 300;

/** The text of a conversation's composer, kept over reloads, sign-ins and moves between conversations. */
export function useDraft(conversationId: string): [string, (text: string) => void] {
  const me = useMe();
  const key = draftKey(me.tenant.id, me.user?.id ?? '', conversationId);
  const [text, setText] = useState(() => readDraft(key));
  const latest = useRef(text);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const set = useCallback((next: string) => {
    latest.current = next;
    setText(next);
    clearTimeout(timer.current);
    // An emptied composer has been sent or cleared: its draft must not come back.
    if (next === '') writeDraft(key, '');
    else timer.current = setTimeout(() => writeDraft(key, next), SAVE_MS);
  }, [key]);
  useEffect(() => () => {
    clearTimeout(timer.current);
    writeDraft(key, latest.current);
  }, [key]);
  return [text, set];
}

/** A file that goes along with a reply: uploaded at once, so that sending is quick and what is wrong shows early. */
import { useRef, useState } from 'react';
import { idempotencyKey } from '../../api/client';
import { asProblem, type Problem } from '../../api/problem';
import type { Medium, ReplyContent } from '../../api/types';

export const CAPTION_CHARS_MAX = 1_024;

export interface Attached { name: string; share: number; medium: Medium | null; problem: Problem | null }
export interface Attachment { file: Attached | null; attach: (file: File | undefined) => void; remove: () => void }

export function useAttachment(): Attachment {
  const [file, setFile] = useState<Attached | null>(null);
  const current = useRef<{ abort: () => void } | null>(null);
  const remove = (): void => {
    current.current?.abort();
    current.current = null;
    setFile(null);
  };
  const attach = (chosen: File | undefined): void => {
    if (!chosen) return;
    remove();
    const begun = { abort: (): void => undefined };
    current.current = begun;
    const tell = (change: Partial<Attached>): void => {
      if (current.current === begun) setFile((was) => was && { ...was, ...change });
    };
    setFile({ name: chosen.name, share: 0, medium: null, problem: null });
    void import('../../api/upload').then(({ uploadMedium }) => {
      if (current.current !== begun) return;
      const upload = uploadMedium(chosen, idempotencyKey(), (share) => tell({ share }));
      begun.abort = upload.abort;
      upload.done.then((medium) => tell({ medium, share: 1 }), (error: unknown) => tell({ problem: asProblem(error) }));
    });
  };
  return { file, attach, remove };
}

/** The content that a file and its caption are. */
export const mediaContent = ({ id, kind, filename, mime_type }: Medium, caption: string): NonNullable<ReplyContent> =>
  ({ type: 'media', media: kind, media_id: id, caption, filename, mime_type });

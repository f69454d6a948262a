/** Saves the draft a moment after each change, only over the draft that was read, and keeps history in the browser. */
import { asProblem } from '../../../api/problem';
import type { SavedDraft } from '../../../api/flows';
import type { Editor } from './editor';
import type { FlowDocument } from './document';

const CALM_MS = 700;
const KEEP_MS = 400;
const AGAIN_MS = 4_000;
const STALE = 412;

interface Ports {
  save: (version: number, document: FlowDocument) => Promise<SavedDraft>;
  /** Puts the history where a reload finds it. */
  keep: (saved: boolean) => void;
}

const leaving = new Map<string, Promise<unknown>>();

/** Resolves when what was saved on leaving this flow is through, so that whoever comes back reads it. */
export const settled = async (flowId: string): Promise<void> => void (await leaving.get(flowId));

export class DraftSaver {
  private timer: ReturnType<typeof setTimeout> | undefined;
  private keeper: ReturnType<typeof setTimeout> | undefined;
  private running: Promise<void> | null = null;
  private saved: FlowDocument;
  private leave: (() => void)[] = [];

  constructor(private editor: Editor, private ports: Ports, unsaved: boolean) {
    this.saved = editor.history.get().present;
    if (unsaved) {
      this.saved = { ...this.saved };
      this.changed();
    }
  }

  /** Follows the editor until the returned function is called; what is not saved then is saved at once. */
  follow(): () => void {
    const flush = (): void => {
      this.keepNow();
      if (!this.dirty && !this.running) return;
      const last = this.flush().finally(() => leaving.get(this.editor.flowId) === last && leaving.delete(this.editor.flowId));
      leaving.set(this.editor.flowId, last);
    };
    window.addEventListener('pagehide', flush);
    this.leave = [this.editor.history.subscribe(() => this.changed()), () => window.removeEventListener('pagehide', flush)];
    return () => {
      for (const stop of this.leave) stop();
      flush();
    };
  }

  private get dirty(): boolean {
    return this.editor.history.get().present !== this.saved;
  }

  private changed(): void {
    clearTimeout(this.keeper);
    this.keeper = setTimeout(() => this.keepNow(), KEEP_MS);
    if (!this.dirty || this.editor.saving.get().kind === 'conflict') return;
    if (!this.running) this.editor.saving.set({ kind: 'unsaved' });
    this.later(CALM_MS);
  }

  private keepNow(): void {
    clearTimeout(this.keeper);
    this.ports.keep(!this.dirty);
  }

  private later(ms: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.flush(), ms);
  }

  /** Resolves when the server has everything, or cannot have it now. */
  async flush(): Promise<boolean> {
    clearTimeout(this.timer);
    while (this.running) await this.running;
    if (!this.dirty) return this.editor.saving.get().kind === 'saved';
    this.running = this.once();
    await this.running;
    return !this.dirty || this.editor.saving.get().kind !== 'unsaved' ? this.editor.saving.get().kind === 'saved' : this.flush();
  }

  private async once(): Promise<void> {
    const document = this.editor.history.get().present;
    this.editor.saving.set({ kind: 'saving' });
    try {
      const answer = await this.ports.save(this.editor.draft.get(), document);
      this.adopt(document, answer.version, answer.updated_at);
    } catch (error) {
      this.failed(error);
    } finally {
      this.running = null;
    }
  }

  private failed(error: unknown): void {
    const problem = asProblem(error);
    if (problem.status === STALE) {
      const { changed_by: by, changed_at: at } = problem.members;
      this.editor.saving.set({ kind: 'conflict', by: typeof by === 'string' ? by : '', at: typeof at === 'string' ? at : '' });
      return;
    }
    this.editor.saving.set({ kind: 'failed', problem });
    if (problem.isTemporary || problem.status === 401) this.later(AGAIN_MS);
  }

  /** The server has this document now, under this number. */
  adopt(document: FlowDocument, version: number, at: string): void {
    this.saved = document;
    this.editor.draft.set(version);
    this.editor.saving.set(this.dirty ? { kind: 'unsaved' } : { kind: 'saved', at });
    if (this.dirty) this.later(CALM_MS);
    this.keepNow();
  }

  /** After a conflict: what is here goes over what the other saved. */
  saveOver(version: number): Promise<boolean> {
    this.editor.draft.set(version);
    this.editor.saving.set({ kind: 'unsaved' });
    return this.flush();
  }
}

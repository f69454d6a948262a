// @vitest-environment jsdom
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Problem } from '../../../api/problem';
import { NOTHING, type FlowDocument } from './document';
import { makeEditor, startHistory, type Editor } from './editor';
import { nudge } from './edits';
import { SMALL } from './samples';
import { DraftSaver } from './saving';

let editor: Editor;
let sent: [number, FlowDocument][];
let answers: (() => Promise<{ version: number; updated_at: string; faults: [] }>)[];
let saver: DraftSaver;

const edit = (): void => editor.edit((old) => nudge(old, { ...NOTHING, nodes: ['ask'] }, { x: 20, y: 0 }));

beforeEach(() => {
  vi.useFakeTimers();
  editor = makeEditor('flw_1', 'Flow', true, startHistory(SMALL), 3, null);
  sent = [];
  answers = [];
  saver = new DraftSaver(editor, {
    save: (version, document) => {
      sent.push([version, document]);
      return (answers.shift() ?? (() => Promise.resolve({ version: version + 1, updated_at: 'now', faults: [] })))();
    },
    keep: () => undefined,
  }, false);
  saver.follow();
});

afterEach(() => vi.useRealTimers());

test('many changes are one save, and what changes meanwhile is saved after it', async () => {
  edit();
  edit();
  let done: (answer: { version: number; updated_at: string; faults: [] }) => void = () => undefined;
  answers.push(() => new Promise((resolve) => (done = resolve)));
  await vi.advanceTimersByTimeAsync(1_000);
  expect(sent.map(([version]) => version)).toEqual([3]);
  edit();
  await vi.advanceTimersByTimeAsync(1_000);
  done({ version: 4, updated_at: 'then', faults: [] });
  await vi.advanceTimersByTimeAsync(2_000);
  expect(sent.map(([version]) => version)).toEqual([3, 4]);
  expect(sent[1]?.[1]).toBe(editor.history.get().present);
  expect(editor.saving.get()).toEqual({ kind: 'saved', at: 'now' });
});

test('somebody else’s draft is not overwritten unless one says so', async () => {
  answers.push(() => Promise.reject(new Problem({ status: 412, code: 'stale', title: 'stale', members: { changed_by: 'Meera', changed_at: 'then' } })));
  edit();
  await vi.advanceTimersByTimeAsync(1_000);
  expect(editor.saving.get()).toEqual({ kind: 'conflict', by: 'Meera', at: 'then' });
  edit();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(sent).toHaveLength(1);
  expect(await saver.saveOver(9)).toBe(true);
  expect(sent.at(-1)?.[0]).toBe(9);
});

test('without a network it is tried again until it is through', async () => {
  answers.push(() => Promise.reject(new TypeError('no network')));
  edit();
  await vi.advanceTimersByTimeAsync(1_000);
  expect(editor.saving.get().kind).toBe('failed');
  await vi.advanceTimersByTimeAsync(5_000);
  expect(editor.saving.get().kind).toBe('saved');
});

/** A run that is played beside the canvas. It outlives its panel: changing the tab loses nothing. */
import { beginSimulation, stepSimulation, stepSimulationBack, type Action, type Frame, type NewSimulation, type Simulation } from '../../../api/simulations';
import { asProblem, type Problem } from '../../../api/problem';
import { createStore, type Store } from '../../../app/store';
import type { FlowDocument } from '../editor/document';
import type { Editor } from '../editor/editor';
import { beginningOf, madeOf, SETUP, type Setup } from './beginning';

export interface Played { id: string; document: FlowDocument; seed: number; channel: string; sample: boolean; frames: readonly Frame[]; now: string }

export interface Run {
  setup: Store<Setup>;
  played: Store<Played | null>;
  problem: Store<Problem | null>;
  /** How many actions are on their way. */
  busy: Store<number>;
  breakpoints: Store<ReadonlySet<string>>;
  /** Whether every run stops before each step. */
  stepwise: Store<boolean>;
  begin: (single?: boolean) => void;
  act: (action: Action, single?: boolean) => void;
  back: () => void;
  reset: () => void;
  toggle: (node: string) => void;
}

const runs = new WeakMap<Editor, Run>();

/** The run of an editor: one each. */
export function runOf(editor: Editor): Run {
  let run = runs.get(editor);
  if (!run) {
    run = makeRun(editor);
    runs.set(editor, run);
  }
  return run;
}

function wanted(editor: Editor, setup: Setup): NewSimulation {
  const { who, channel, seed, now } = setup;
  const contact = who.kind === 'real' ? { contact_id: who.id } : who.kind === 'made' ? { contact: madeOf(setup) } : { made: who.kind };
  const clock = now === '' ? {} : { now: new Date(now).toISOString() };
  return { flow_id: editor.flowId, document: { ...editor.history.get().present }, channel, seed, ...clock, ...contact };
}

function makeRun(editor: Editor): Run {
  const setup = createStore<Setup>(SETUP);
  const played = createStore<Played | null>(null);
  const problem = createStore<Problem | null>(null);
  const busy = createStore(0);
  const breakpoints = createStore<ReadonlySet<string>>(new Set());
  const stepwise = createStore(false);
  let line: Promise<unknown> = Promise.resolve();

  /** One thing after the other, in the order of the clicks: none is lost, and none overtakes. */
  const queue = (work: () => Promise<void>): void => {
    busy.set(busy.get() + 1);
    line = line.then(work).then(() => problem.set(null), (error: unknown) => problem.set(asProblem(error))).finally(() => busy.set(busy.get() - 1));
  };
  const take = (answer: Simulation, frames: readonly Frame[]): void => {
    const old = played.get();
    if (old) played.set({ ...old, frames, now: answer.now });
  };
  const step = async (action: Action, single: boolean): Promise<void> => {
    const now = played.get();
    if (!now) return;
    const answer = await stepSimulation(now.id, { action, breakpoints: [...breakpoints.get()], single });
    take(answer, answer.last ? [...now.frames, answer.last] : now.frames);
  };
  return {
    setup, played, problem, busy, breakpoints, stepwise,
    begin: (single) => queue(async () => {
      const document = editor.history.get().present;
      const asked = setup.get();
      played.set(null);
      const made = await beginSimulation(wanted(editor, asked));
      played.set({ id: made.id, document, seed: made.seed, channel: made.channel, sample: asked.who.kind === 'real', frames: [], now: made.now });
      await step(beginningOf(asked), single ?? stepwise.get());
    }),
    act: (action, single) => queue(() => step(action, single ?? stepwise.get())),
    back: () => queue(async () => {
      const now = played.get();
      if (!now || now.frames.length === 0) return;
      take(await stepSimulationBack(now.id), now.frames.slice(0, -1));
    }),
    reset: () => {
      problem.set(null);
      played.set(null);
    },
    toggle: (node) => {
      const next = new Set(breakpoints.get());
      if (!next.delete(node)) next.add(node);
      breakpoints.set(next);
    },
  };
}

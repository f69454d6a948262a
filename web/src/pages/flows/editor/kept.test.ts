import { expect, test } from 'vitest';
import { change, redo, start, undo } from '../../../ui/ConditionBuilder/history';
import { NOTHING } from './document';
import { addStep, nudge, remove, setData } from './edits';
import { keep, unkeep } from './kept';
import { SMALL, TYPES } from './samples';

test('a history comes back as it was, with what can be undone and done again', () => {
  let history = start(SMALL);
  history = change(history, addStep(SMALL, 'end', TYPES)?.document ?? SMALL, '', 1);
  history = change(history, nudge(history.present, { ...NOTHING, nodes: ['ask'] }, { x: 20, y: 20 }), '', 2);
  history = change(history, setData(history.present, 'tag', { tag: 'sad' }, TYPES), '', 3);
  history = change(history, remove(history.present, { ...NOTHING, nodes: ['ask'], comments: ['note'] }), '', 4);
  history = undo(history);
  const back = unkeep(keep(history, 7, false));
  expect(back).toMatchObject({ draft: 7, saved: false });
  let found = back?.history ?? start(SMALL);
  expect(found.present).toEqual(history.present);
  expect(redo(found).present.nodes.map((node) => node.id)).toEqual(['start', 'tag', 'end']);
  expect(redo(found).present.comments).toEqual([]);
  for (let nth = 0; nth < 3; nth += 1) found = undo(found);
  expect(found.present).toEqual(SMALL);
});

test.each(['', '{}', '{"draft":1,"present":{"spec_version":1}}', 'nonsense'])('nothing is made of %s', (text) => {
  expect(unkeep(text)).toBeNull();
});

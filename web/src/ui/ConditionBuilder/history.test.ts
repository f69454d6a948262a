import { expect, test } from 'vitest';
import { change, redo, start, undo } from './history';

test('typing in one place is one step; another place or a pause begins a new one', () => {
  let history = start('');
  history = change(history, 'a', 'name', 1_000);
  history = change(history, 'ab', 'name', 1_200);
  history = change(history, 'abc', 'name', 1_400);
  history = change(history, 'abc!', 'rule 1', 1_500);
  history = change(history, 'abc!!', 'rule 1', 9_000);
  expect(history.past).toEqual(['', 'abc', 'abc!']);
  history = undo(undo(history));
  expect(history.present).toBe('abc');
  history = redo(history);
  expect(history.present).toBe('abc!');
  history = change(history, 'new', '', 9_100);
  expect(redo(history).present).toBe('new');
});

test('at the ends nothing happens', () => {
  const history = start(1);
  expect(undo(history)).toBe(history);
  expect(redo(history)).toBe(history);
  expect(change(history, 1, '', 0)).toBe(history);
});

test('changes without a mark are a step each, and only the last hundred are kept', () => {
  let history = start(0);
  for (let step = 1; step <= 150; step += 1) history = change(history, step, '', step);
  expect(history.past).toHaveLength(100);
  expect(history.past[0]).toBe(50);
});

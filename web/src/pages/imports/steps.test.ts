import { expect, test } from 'vitest';
import { isStep, share, stepFor } from './steps';

test.each([
  ['uploaded', undefined, 'columns'],
  ['uploaded', 'file', 'file'],
  ['uploaded', 'check', 'check'],
  ['uploaded', 'run', 'check'],
  ['checking', 'file', 'check'],
  ['checked', undefined, 'check'],
  ['checked', 'columns', 'columns'],
  ['running', 'columns', 'run'],
  ['completed', 'check', 'run'],
  ['undoing', undefined, 'run'],
  ['undone', 'file', 'run'],
] as const)('%s with %s in the address shows %s', (state, asked, step) => {
  expect(stepFor(state, asked)).toBe(step);
});

test('only steps are steps', () => {
  expect([isStep('check'), isStep('done'), isStep(3)]).toEqual([true, false, false]);
});

test('the share is unknown without a total and never above one', () => {
  expect(share({ rows_done: 5, rows_total: null })).toBeNull();
  expect(share({ rows_done: 5, rows_total: 10 })).toBe(0.5);
  expect(share({ rows_done: 11, rows_total: 10 })).toBe(1);
});

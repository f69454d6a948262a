import { expect, test } from 'vitest';
import { Problem } from '../../api/problem';
import { reasonOf, spotOf } from './wordsError';

const problem = (detail: string, position?: number): Problem =>
  new Problem({ status: 422, code: 'words-invalid', title: 'These words are no condition.', detail, members: position === undefined ? {} : { position } });

test('the place is the one the problem names, never past the text', () => {
  expect(spotOf(problem('at 9: a field is expected here', 9), 'tag is vip and')).toBe(9);
  expect(spotOf(problem('x', 99), 'tag')).toBe(3);
  expect(spotOf(problem('x'), 'tag')).toBeNull();
});

test('the reason is a sentence without the number', () => {
  expect(reasonOf(problem('at character 10: a field is expected here', 9))).toBe('A field is expected here');
  expect(reasonOf(problem(''))).toBe('These words are no condition.');
});

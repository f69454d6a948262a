import { expect, test } from 'vitest';
import { answersOf, callIdOf, contentOf, hostOf } from './content';

test('a plain text and a content of the future are shown as their text', () => {
  expect(contentOf(null)).toBeNull();
  expect(contentOf({ type: 'text', text: 'Hi' })).toBeNull();
  expect(contentOf({ type: 'hologram' })).toBeNull();
  expect(contentOf({ type: 'text', text: 'Hi', suggestions: [{ type: 'reply', id: 'y', title: 'Yes' }] })?.type).toBe('text');
  expect(contentOf({ type: 'reply', id: 'y', title: 'Yes' })?.type).toBe('reply');
});

test('answers of a form are read without its token', () => {
  expect(answersOf('{"first_name": "Asha", "age": 7, "flow_token": "x"}')).toEqual([['first name', 'Asha'], ['age', '7']]);
  expect(answersOf('[1]')).toEqual([]);
  expect(answersOf('no')).toEqual([]);
});

test('only addresses of the web have a host', () => {
  expect(hostOf('https://shop.example/a')).toBe('shop.example');
  expect(hostOf('javascript:alert(1)')).toBeNull();
  expect(hostOf(null)).toBeNull();
});

test('a call out has its message’s id', () => {
  expect(callIdOf('msg_01kasw8qbefy09m6sc7n75yr3h')).toBe('cal_01kasw8qbefy09m6sc7n75yr3h');
});

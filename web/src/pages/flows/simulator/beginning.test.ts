import { expect, test } from 'vitest';
import { beginningOf, madeOf, objectOf, SETUP, wrongOf } from './beginning';

test('JSON is an object, nothing, or wrong', () => {
  expect([objectOf(''), objectOf('{"age": 7}'), objectOf('[1]'), objectOf('{age}')]).toEqual([{}, { age: 7 }, null, null]);
  expect(wrongOf({ ...SETUP, attributes: '{', values: '[]' })).toEqual({ attributes: true, values: true });
  expect(wrongOf({ ...SETUP, who: { kind: 'missing' }, attributes: '{' })).toEqual({});
});

test('a made contact is what was typed', () => {
  const made = madeOf({ ...SETUP, tags: 'vip, keen,, vip', attributes: '{"age": 40}', time_zone: ' Asia/Kolkata ' });
  expect(made).toEqual({ name: 'Ann Example', phone: '+447700900123', language: 'en', time_zone: 'Asia/Kolkata', tags: ['vip', 'keen'], attributes: { age: 40 } });
});

test('a message begins it with its intent', () => {
  expect(beginningOf({ ...SETUP, start: 's', text: 'where is it', intent: 'order_status', values: '{"cart": {"total": 7}}' })).toEqual({ do: 'begin', start: 's', values: { cart: { total: 7 } }, text: 'where is it', intent: 'order_status' });
  expect(beginningOf(SETUP)).toEqual({ do: 'begin', start: '', values: {}, text: '', intent: null });
});

import { expect, test } from 'vitest';
import type { Frame } from '../../../api/simulations';
import { decimal } from '../../../ui/numbers';
import type { FlowDocument } from '../editor/document';
import { answersOf, linesOf, litOf, minutesUntil, passedOf, pathsOf, pressesOf, standsAt, totalOf, waitsFor, withoutPresses } from './reading';

const at = { x: 0, y: 0 };
const DOCUMENT: FlowDocument = {
  spec_version: 2,
  nodes: [
    { id: 'ask', type: 'ask', data: { choices: [{ name: 'yes' }, { name: 'no' }] }, position: at },
    { id: 'vip', type: 'branch', data: { cases: [{ name: 'gold' }, { name: 'silver' }] }, position: at },
  ],
  edges: [],
  comments: [],
};

function frame(over: Partial<Frame>): Frame {
  return { action: { do: 'begin' }, now: '2026-03-01T10:00:00Z', status: 'waiting', reason: '', outcome: '', steps: [], effects: [], why: [], asked: [], inside: [], costs: [], values: {}, session: null, contact: {}, ...over };
}

const no = { combinator: 'and', not: false, rules: [], result: false };
const RUN = frame({
  action: { do: 'reply', text: 'yes' },
  steps: [['ask', 'yes'], ['vip', 'silver'], ['thanks', '']],
  asked: [1, 0, 1],
  inside: [null, null, null],
  why: [{ node: 'ask', answer: 'yes' }, { node: 'vip', condition: no }, { node: 'vip', condition: { ...no, result: true } }],
  effects: [{ type: 'add_tag', tag: 'keen' }, { type: 'send_message', content: { type: 'text', text: 'Hi', suggestions: [{ type: 'reply', id: 'a', title: 'More' }] } }],
  costs: [{ effect: 1, channel: 'sms', text: 'Hi\n1 More', parts: 1, price: '0.050000', currency: 'EUR', refused: '' }],
});

test('each step has its own reasons, effects and price', () => {
  const [ask, vip, thanks] = passedOf(RUN, DOCUMENT);
  expect(ask?.effects.map(({ effect }) => effect.type)).toEqual(['add_tag']);
  expect(vip?.why.map(({ name, condition }) => [name, condition?.result])).toEqual([['gold', false], ['silver', true]]);
  expect(thanks?.effects[0]?.cost?.price).toBe('0.050000');
});

test('a run lights its steps and ways, not those inside another flow', () => {
  const lit = litOf([RUN, frame({ steps: [['hidden', 'next']], asked: [0], inside: ['flw_1'] })]);
  expect([...lit.nodes]).toEqual(['ask', 'vip', 'thanks']);
  expect([...lit.edges]).toEqual(['ask\nyes', 'vip\nsilver']);
});

test('the phone shows what was said on both sides, and what happened beside', () => {
  const lines = linesOf([RUN, frame({ action: { do: 'pass_time', duration: { amount: 3, unit: 'days' } } }), frame({ action: { do: 'call', value: '12' }, effects: [{ type: 'call_step', step: { type: 'gather', prompt: [{ type: 'say', text: 'Press 1' }] } }] })]);
  expect(lines.map((line) => [line.from, line.from === 'note' ? line.action.do : line.text])).toEqual([['them', 'yes'], ['us', 'Hi\n1 More'], ['note', 'pass_time'], ['them', '12'], ['us', 'Press 1']]);
  expect(lines[1]?.from === 'us' && lines[1].presses).toEqual([{ id: 'a', title: 'More' }]);
});

test('buttons are found in every kind of content, and taken from it', () => {
  const card = { type: 'card', card: { title: 'T', suggestions: [{ type: 'reply', id: '1', title: 'One' }] }, suggestions: [{ type: 'open_url', title: 'Web', url: 'https://x.example' }] };
  expect(pressesOf(card)).toEqual([{ id: '1', title: 'One' }]);
  expect(withoutPresses(card)).toEqual({ ...card, card: { title: 'T', suggestions: [] } });
  expect(pressesOf({ type: 'choices', choices: [{ id: 'y', title: 'Yes' }] })).toEqual([{ id: 'y', title: 'Yes' }]);
});

test('where a run stands and what it waits for', () => {
  const waiting = { kind: 'call', token: 1, until: '2026-03-01T11:00:30Z', data: {} };
  const inside = frame({ session: { node: 'sub', waiting, inside: [['f', 'inner']] } });
  expect([waitsFor(undefined), waitsFor(frame({ status: 'ended' })), waitsFor(inside), waitsFor(frame({ status: 'stuck', session: {} }))]).toEqual(['begin', 'ended', 'call', 'stuck']);
  expect(waitsFor(frame({ session: { node: 'say', waiting: { ...waiting, data: { placing: true } } } }))).toBe('ringing');
  expect(standsAt(inside)).toEqual({ node: 'inner', inside: true, until: waiting.until });
  expect(minutesUntil(inside.now, waiting.until)).toBe(61);
  expect(answersOf(DOCUMENT, 'ask')).toEqual(['yes', 'no']);
});

test('values are listed by the path that a template names', () => {
  expect(pathsOf({ said: 'yes', contact: { name: 'Ann' } })).toEqual([{ path: 'said', value: 'yes' }, { path: 'contact.name', value: 'Ann' }]);
});

test('prices are added without a float', () => {
  expect(decimal(totalOf([RUN, RUN, RUN]).get('EUR') ?? 0n)).toBe('0.150000');
});

import { expect, test } from 'vitest';
import type { Decision, Experiment, ExperimentArm } from '../../../api/experiments';
import { axisOf, barOf, choicesOf, holding, liftOf, progressOf } from './arms';

const arm = (name: string, more: Partial<ExperimentArm> = {}): ExperimentArm => ({
  name, status: 'running', share: 0.5, entries: 100, conversions: 10, rate: 0.1, rate_low: 0.05, rate_high: 0.18,
  opt_outs: 0, opt_out_rate: 0, opt_out_low: 0, opt_out_high: 0.1, cost_micros: 0, cost_per_conversion_micros: 0,
  likely_best: 0.5, ratio: null, ratio_low: null, ratio_high: null, p_value: null, ...more,
});
const decision = (kind: Decision['kind'], of: string): Decision => ({ kind, arm: of, actor: { kind: 'user', id: null, name: 'Ann' }, reason: '', at: '2026-03-01T10:00:00Z', numbers: {} });
const experiment = (arms: ExperimentArm[], winner = ''): Experiment => ({
  node: 'x', goal: 'ordered', automatic: false, confidence: 0.95, state: winner ? 'decided' : 'running', winner,
  since: '2026-03-01T10:00:00Z', entries: 200, entries_planned: 800, arms, decisions: [],
});

test('all arms share an axis with a round end above their intervals', () => {
  expect(axisOf([arm('A'), arm('B', { rate_high: 0.23 })])).toBeCloseTo(0.25);
  expect(axisOf([arm('A', { rate_high: 0.2 })])).toBeCloseTo(0.2);
  expect(axisOf([arm('A', { rate_high: 0.9 })])).toBe(1);
  expect(axisOf([arm('A', { rate: 0, rate_high: 0.0001 })])).toBe(0.01);
  expect(axisOf([arm('A', { rate_high: 0.17 }), arm('B', { entries: 0, rate: null, rate_low: 0, rate_high: 1 })])).toBeCloseTo(0.2);
});

test('a bar has its interval and its rate on the axis, and none before anybody came', () => {
  expect(barOf(arm('A'), 0.2)).toEqual({ start: 25, width: 65, at: 50 });
  expect(barOf(arm('A', { rate_high: 1 }), 0.2)?.width).toBe(75);
  expect(barOf(arm('A', { entries: 0, rate: null }), 0.2)).toBeNull();
});

test('what holds of an arm is the newest decision that was not taken back', () => {
  const stop = decision('stop', 'A');
  expect(holding([stop], 'stop', 'A')).toBe(stop);
  expect(holding([stop], 'stop', 'B')).toBeNull();
  expect(holding([decision('resume', 'B'), stop], 'stop', 'A')).toBe(stop);
  expect(holding([decision('resume', 'A'), stop], 'stop', 'A')).toBeNull();
  expect(holding([decision('resume', ''), stop], 'stop', 'A')).toBeNull();
  const winner = decision('winner', 'B');
  expect(holding([winner, stop], 'winner', 'B')).toBe(winner);
  expect(holding([winner, stop], 'winner', 'A')).toBeNull();
  expect(holding([decision('resume', 'A'), winner, stop], 'winner', 'B')).toBeNull();
});

test('nothing is offered that the API would refuse', () => {
  const [one, two, kept] = [arm('A'), arm('B'), arm('hold_out', { status: 'hold_out' })];
  expect(choicesOf(experiment([one, two, kept]), one)).toEqual(['winner', 'stop']);
  expect(choicesOf(experiment([one, two, kept]), kept)).toEqual([]);
  const stopped = arm('B', { status: 'stopped' });
  expect(choicesOf(experiment([one, stopped, kept]), one)).toEqual(['winner']);
  expect(choicesOf(experiment([one, stopped]), stopped)).toEqual(['winner', 'resume']);
  expect(choicesOf(experiment([arm('A', { status: 'winner' }), stopped], 'A'), stopped)).toEqual([]);
});

test('progress ends at the plan, a lift is a difference', () => {
  expect(progressOf({ entries: 200, entries_planned: 800 })).toBe(0.25);
  expect(progressOf({ entries: 900, entries_planned: 800 })).toBe(1);
  expect(liftOf(arm('A'))).toBeNull();
  expect(liftOf(arm('B', { ratio: 1.5, ratio_low: 0.75, ratio_high: null }))).toEqual({ by: 0.5, low: -0.25, high: null });
});

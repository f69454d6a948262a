/** Where reading a sentence stopped, and why. */
import type { Problem } from '../../api/problem';

/** Offset into the text, from 0; null when the problem names none. */
export function spotOf(problem: Problem, text: string): number | null {
  const { position } = problem.members;
  return typeof position === 'number' ? Math.min(text.length, Math.max(0, position)) : null;
}

/** The reason as a sentence: the place it begins with is shown as a mark in the text. */
export function reasonOf(problem: Problem): string {
  const said = problem.fields[0]?.detail || problem.detail || problem.message;
  const plain = said.replace(/^at (?:character )?\d+: /, '');
  return plain.charAt(0).toUpperCase() + plain.slice(1);
}

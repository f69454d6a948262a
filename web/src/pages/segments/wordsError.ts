/** Where reading a sentence stopped. */
import type { Problem } from '../../api/problem';

/** Offset into the text of the first error, from the problem's own words ("at character 17", from 1); null where it names none. */
export function spotOf(problem: Problem, text: string): number | null {
  const said = [problem.fields[0]?.detail, problem.detail, problem.message].filter(Boolean).join(' ');
  const hit = /(?:character|position)\s+(\d+)/i.exec(said);
  return hit ? Math.min(text.length, Math.max(0, Number(hit[1]) - 1)) : null;
}

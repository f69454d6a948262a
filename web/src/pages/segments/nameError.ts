/** What is wrong with the name of a segment that was not saved. */
import type { Problem } from '../../api/problem';

export const nameError = (problem: Problem): string | undefined =>
  problem.code === 'segment-exists' ? problem.message : problem.fields.find((field) => field.pointer.endsWith('/name'))?.detail;

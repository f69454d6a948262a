/** How many people the rules apply to, while they are edited. */
import { useDebouncedValue } from '@mantine/hooks';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useEffect, useMemo, useState } from 'react';
import { asProblem, type Problem } from '../../api/problem';
import { countQuery } from '../../api/segments';
import { placeOf, prune, type Group, type PlainGroup } from '../../ui/ConditionBuilder/condition';
import { isFinished, type Field } from '../../ui/ConditionBuilder/fields';
import type { Counted } from '../../api/types';

const TYPING_MS = 400;
const NOTHING: ReadonlyMap<string, string> = new Map();

export interface LiveCount {
  total: Counted | undefined;
  /** People per node of the builder. */
  perRule: ReadonlyMap<string, number> | null;
  counting: boolean;
  /** Rules left out because they are not complete. */
  left: number;
  errors: ReadonlyMap<string, string>;
  /** What is wrong and belongs to no rule. */
  problem: Problem | null;
  /** The complete part of the condition, settled: what is counted, sampled and put into words. */
  condition: PlainGroup;
  settled: boolean;
}

/** Errors of a refused condition, by the id of the node they name. */
export function errorsById(problem: Problem, ids: ReadonlyMap<string, string>): Map<string, string> {
  const found = new Map<string, string>();
  for (const { pointer, detail } of problem.fields) {
    const place = placeOf(pointer);
    const id = place === null ? undefined : ids.get(place);
    if (id !== undefined && !found.has(id)) found.set(id, detail);
  }
  return found;
}

export function useLiveCount(root: Group, fields: readonly Field[]): LiveCount {
  const pruned = useMemo(() => prune(root, (rule) => isFinished(rule, fields)), [root, fields]);
  const json = JSON.stringify(pruned.condition);
  const [asked] = useDebouncedValue(json, TYPING_MS);
  const condition = useMemo(() => JSON.parse(asked) as PlainGroup, [asked]);
  const waiting = asked !== json;
  const total = useQuery({ ...countQuery(condition, false), placeholderData: keepPreviousData });
  const rules = useQuery({ ...countQuery(condition, true), enabled: condition.rules.length > 0 && total.isSuccess && !total.isPlaceholderData, placeholderData: keepPreviousData });
  const [perRule, setPerRule] = useState<ReadonlyMap<string, number> | null>(null);
  const fresh = !waiting && rules.data !== undefined && !rules.isPlaceholderData;
  useEffect(() => {
    if (!fresh || !rules.data?.rules) return;
    setPerRule(new Map(rules.data.rules.flatMap(({ path, count }) => {
      const id = pruned.ids.get(placeOf(path) ?? path);
      return id === undefined ? [] : [[id, count]];
    })));
    // Only when another answer is there: the ids belong to the condition that was asked.
  }, [fresh, rules.data]);
  const problem = total.error ? asProblem(total.error) : null;
  const errors = useMemo(() => (problem && !waiting ? errorsById(problem, pruned.ids) : NOTHING), [problem, waiting, pruned]);
  return {
    total: total.data,
    perRule,
    counting: waiting || total.isFetching,
    left: pruned.left,
    errors,
    problem: problem && errors.size === 0 ? problem : null,
    condition,
    settled: !waiting,
  };
}

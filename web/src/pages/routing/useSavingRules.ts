/** Saves the rules, only over the version that was read. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { keys } from '../../api/keys';
import { asProblem, type Problem } from '../../api/problem';
import { rulesQuery, saveRules } from '../../api/routing';
import type { RoutingRules } from '../../api/types';
import { toast } from '../../ui/toast';
import { bodyOf, ruleOf, type DraftList } from './rules';
import type { RulesDraft } from './useRulesDraft';

const STALE = 412;

/** What is wrong with one rule: by the place inside it. */
export type RuleErrors = ReadonlyMap<string, string>;

export interface Conflict { theirs: RoutingRules; by: string; at: string }

export interface SavingRules {
  save: () => void;
  saveOver: () => void;
  takeTheirs: () => void;
  adopt: (saved: RoutingRules) => void;
  pending: boolean;
  problem: Problem | null;
  /** The problem belongs to no rule. */
  loose: boolean;
  /** By the key of the rule. */
  errors: ReadonlyMap<string, RuleErrors>;
  conflict: Conflict | null;
  dismiss: () => void;
}

/** A name is asked for here, so that nobody has to wait for the server to say it. */
function errorsOf(problem: Problem | null, list: DraftList): Map<string, Map<string, string>> {
  const found = new Map<string, Map<string, string>>();
  for (const { pointer, detail } of problem?.fields ?? []) {
    const place = ruleOf(pointer);
    const rule = place ? list.rules[place.at] : undefined;
    if (!place || !rule) continue;
    const mine = found.get(rule.key) ?? new Map<string, string>();
    found.set(rule.key, mine.set(place.rest, detail));
  }
  return found;
}

export function useSavingRules(draft: RulesDraft): SavingRules {
  const { t } = useTranslation('routing');
  const client = useQueryClient();
  const [conflict, setConflict] = useState<Conflict | null>(null);
  const [sent, setSent] = useState<DraftList>(draft.list);
  const adopt = (saved: RoutingRules): void => {
    client.setQueryData(rulesQuery.queryKey, saved);
    void client.invalidateQueries({ queryKey: keys.routingVersions });
    draft.adopt(saved);
  };
  const write = useMutation({
    mutationFn: (version: number) => {
      setSent(draft.list);
      return saveRules(version, bodyOf(draft.list));
    },
    onSuccess: (saved) => {
      setConflict(null);
      adopt(saved);
      toast(t('saved'));
    },
    onError: async (error) => {
      const problem = asProblem(error);
      if (problem.status !== STALE) return;
      const theirs = await client.fetchQuery({ ...rulesQuery, staleTime: 0 });
      const { changed_by: by, changed_at: when } = problem.members;
      setConflict({ theirs, by: typeof by === 'string' ? by : '', at: typeof when === 'string' ? when : (theirs.updated_at ?? '') });
    },
  });
  const failed = write.error ? asProblem(write.error) : null;
  const problem = failed && failed.status !== STALE ? failed : null;
  const errors = useMemo(() => errorsOf(problem, sent), [problem, sent]);
  return {
    save: () => write.mutate(draft.base),
    saveOver: () => conflict && write.mutate(conflict.theirs.version),
    takeTheirs: () => {
      if (conflict) adopt(conflict.theirs);
      setConflict(null);
    },
    adopt,
    pending: write.isPending,
    problem,
    loose: problem !== null && errors.size === 0,
    errors,
    conflict,
    dismiss: () => setConflict(null),
  };
}

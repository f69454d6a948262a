/** Saves a segment: a new one once, a known one only over the version that was read. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { idempotencyKey } from '../../api/client';
import { keys } from '../../api/keys';
import type { Segment } from '../../api/types';
import { asProblem, type Problem } from '../../api/problem';
import { createSegment, saveSegment, segmentQuery } from '../../api/segments';
import { toast } from '../../ui/toast';
import type { SegmentDraft } from './useSegmentDraft';

const STALE = 412;

export interface Saving {
  save: () => void;
  /** Saves over what somebody else saved meanwhile. */
  saveOver: (theirs: Segment) => void;
  pending: boolean;
  problem: Problem | null;
  conflict: { theirs: Segment; by: string; at: string } | null;
  dismiss: () => void;
}

export function useSaving(segment: Segment | null, draft: SegmentDraft): Saving {
  const { t } = useTranslation('segments');
  const client = useQueryClient();
  const navigate = useNavigate();
  const [conflict, setConflict] = useState<Saving['conflict']>(null);
  // One key per content: a retry of the same save creates once, a changed draft is another request.
  const key = useRef({ of: '', key: '' });
  const put = (saved: Segment): void => {
    client.setQueryData(segmentQuery(saved.id).queryKey, saved);
    for (const queryKey of [keys.segmentLists, keys.segmentNames, keys.segmentFields, keys.segmentVersions(saved.id)]) void client.invalidateQueries({ queryKey });
  };
  const write = useMutation({
    mutationFn: async (version: number | null) => {
      const body = { name: draft.name.trim(), description: draft.description.trim(), condition: draft.condition };
      const of = JSON.stringify(body);
      if (key.current.of !== of) key.current = { of, key: idempotencyKey() };
      return segment && version !== null ? saveSegment({ id: segment.id, version }, body) : createSegment(body, key.current.key);
    },
    onSuccess: (saved) => {
      setConflict(null);
      put(saved);
      draft.adopt(saved);
      toast(t('saved', { name: saved.name }));
      if (!segment) void navigate({ to: '/segments/$segmentId', params: { segmentId: saved.id }, replace: true, ignoreBlocker: true });
    },
    onError: async (error) => {
      const problem = asProblem(error);
      if (problem.status !== STALE || !segment) return;
      const theirs = await client.fetchQuery({ ...segmentQuery(segment.id), staleTime: 0 });
      const { changed_by: by, changed_at: when } = problem.members;
      setConflict({ theirs, by: typeof by === 'string' ? by : '', at: typeof when === 'string' ? when : theirs.updated_at });
    },
  });
  const problem = write.error ? asProblem(write.error) : null;
  return {
    save: () => write.mutate(draft.base),
    saveOver: (theirs) => write.mutate(theirs.version),
    pending: write.isPending,
    problem: problem && problem.status !== STALE ? problem : null,
    conflict,
    dismiss: () => setConflict(null),
  };
}

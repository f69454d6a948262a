/** Puts a list of ids and numbers into a static segment: numbers are looked up, ids go in as they are. */
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { keys } from '../../api/keys';
import { changeMembers } from '../../api/segments';
import { chunks, findMembers, MEMBERS_PER_CALL } from './findMembers';
import type { MemberLines } from './memberLines';

export interface Added { added: number; unknown: number; missing: string[] }

export function useAddMembers(): { add: (segmentId: string, lines: MemberLines) => Promise<Added>; done: number } {
  const client = useQueryClient();
  const [done, setDone] = useState(0);
  const stop = useRef<AbortController>(undefined);
  useEffect(() => () => stop.current?.abort(), []);
  const add = async (segmentId: string, lines: MemberLines): Promise<Added> => {
    stop.current = new AbortController();
    setDone(0);
    const found = await findMembers(lines.numbers, setDone, stop.current.signal);
    const total: Added = { added: 0, unknown: 0, missing: found.missing };
    for (const part of chunks([...new Set([...lines.ids, ...found.ids])], MEMBERS_PER_CALL)) {
      const answer = await changeMembers(segmentId, { add: part });
      total.added += answer.added;
      total.unknown += answer.unknown;
    }
    for (const queryKey of [keys.segment(segmentId), keys.segmentMembers(segmentId), keys.segmentLists]) void client.invalidateQueries({ queryKey });
    return total;
  };
  return { add, done };
}

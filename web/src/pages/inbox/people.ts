import { useQuery } from '@tanstack/react-query';
import { agentsQuery } from '../../api/desk';
import type { Agent } from '../../api/types';
import { useMe } from '../../app/session';
import { PRESENCE_ORDER } from '../../ui/presence';

/** Those who can be given a conversation: oneself first, then who is there, by name. */
export function byPresence(agents: readonly Agent[], ownId: string | undefined): Agent[] {
  const place = (agent: Agent): number => (agent.id === ownId ? -1 : agent.kind === 'bot' ? 4 : PRESENCE_ORDER[agent.presence]);
  return agents.toSorted((a, b) => place(a) - place(b) || a.name.localeCompare(b.name));
}

/** Whom a conversation can be given to, asked again whenever the question comes up: presence changes all the time. */
export function usePeople(wanted: boolean) {
  const me = useMe();
  const query = useQuery({ ...agentsQuery, enabled: wanted, staleTime: 0 });
  return { people: query.data && byPresence(query.data.items, me.user?.id), error: query.error, retry: () => void query.refetch() };
}

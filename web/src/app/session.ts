/** Who is signed in, and what happens when that ends. */
import { useQuery, type QueryClient } from '@tanstack/react-query';
import { onAppVersion, onSessionEnd } from '../api/client';
import { meQuery } from '../api/queries';
import type { Me } from '../api/types';
import { boot } from './boot';
import { createStore } from './store';
import { clearDrafts } from './drafts';

/** True while the session has ended under a page that is still open. */
export const sessionEnded = createStore(false);
onSessionEnd(() => sessionEnded.set(true));

/** The version this page was built for, and the one the gateway runs. */
export const newVersion = createStore(false);
let ownVersion = boot.version;
onAppVersion((version) => {
  ownVersion ??= version;
  if (version !== ownVersion) newVersion.set(true);
});

/** The signed-in person. Only for pages behind sign-in, where it is loaded before the page. */
export function useMe(): Me {
  const { data } = useQuery(meQuery);
  if (!data) throw new Error('useMe outside the signed-in pages');
  return data;
}

const others = new BroadcastChannel('hub-session');

/** All tabs share one session: when it changes in one, the others start anew. */
others.addEventListener('message', () => location.assign('/'));

/** Puts `me` in place and forgets all that was loaded for the person or tenant before. */
export async function enter(client: QueryClient, me: Me): Promise<void> {
  client.setQueryData(meQuery.queryKey, me);
  sessionEnded.set(false);
  await client.resetQueries({ predicate: (query) => query.queryKey[0] !== 'session' });
}

/** Acts in another tenant from now on, in all tabs. */
export async function enterTenant(client: QueryClient, me: Me): Promise<void> {
  await enter(client, me);
  others.postMessage('tenant');
}

/** Forgets the person who signed out. */
export function leave(client: QueryClient): void {
  clearDrafts();
  client.removeQueries({ predicate: (query) => query.queryKey[1] !== 'branding' });
  sessionEnded.set(false);
  others.postMessage('left');
}

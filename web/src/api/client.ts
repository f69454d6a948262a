/** The one place that talks HTTP. Every call answers the body or throws a Problem. */
import createClient from 'openapi-fetch';
import { asProblem, toProblem } from './problem';
import type { paths } from './schema';

type Listener<T> = (value: T) => void;
const sessionEnd = new Set<Listener<void>>();
const versions = new Set<Listener<string>>();
let csrfToken: string | null = null;

export const setCsrfToken = (token: string | null): void => {
  csrfToken = token;
};

/** What a write carries that does not go through `api`. */
export const csrfHeader = (): Record<string, string> => (csrfToken ? { 'X-CSRF-Token': csrfToken } : {});

/** Called when the API answers 401 to a signed-in page. Returns the unsubscribe function. */
export function onSessionEnd(listener: Listener<void>): () => void {
  sessionEnd.add(listener);
  return () => sessionEnd.delete(listener);
}

/** Called with the X-App-Version of every answer that has one. */
export function onAppVersion(listener: Listener<string>): () => void {
  versions.add(listener);
  return () => versions.delete(listener);
}

// Looked up at call time, so that a test can stand in for the network.
export const api = createClient<paths>({ baseUrl: location.origin, credentials: 'same-origin', fetch: (request) => globalThis.fetch(request) });

api.use({
  onRequest({ request }) {
    if (csrfToken && request.method !== 'GET') request.headers.set('X-CSRF-Token', csrfToken);
    return request;
  },
  onResponse({ request, response }) {
    const version = response.headers.get('X-App-Version');
    if (version) for (const listener of versions) listener(version);
    const signingIn = request.method === 'POST' && new URL(request.url).pathname === '/v1/sessions';
    if (response.status === 401 && !signingIn && csrfToken) for (const listener of sessionEnd) listener();
    return response;
  },
});

/** Body of a call made through `api`. Throws Problem. */
export async function body<T>(call: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
  const answer = await call.catch((error: unknown) => {
    throw asProblem(error);
  });
  if (!answer.response.ok) throw toProblem(answer.response, answer.error);
  return answer.data as T;
}

export const idempotencyKey = (): string => crypto.randomUUID?.() ?? `${Date.now()}-${Math.random().toString(36).slice(2)}`;

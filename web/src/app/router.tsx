import type { QueryClient } from '@tanstack/react-query';
import { createRootRouteWithContext, createRoute, createRouter, lazyRouteComponent, Outlet, redirect } from '@tanstack/react-router';
import { asProblem } from '../api/problem';
import { can, landsInInbox } from '../api/permissions';
import { brandingQuery, countsQuery, homeQuery, listQuery, meQuery } from '../api/queries';
import type { Me } from '../api/types';
import { loadArea } from '../i18n';
import { contactsSearch } from '../pages/contacts/contactsSearch';
import { Crash, Missing } from './Fallbacks';
import { Shell } from './Shell';
import { flowsSearch } from '../pages/flows/flowsSearch';
import { segmentsSearch } from '../pages/segments/segmentsSearch';

export interface RouterContext { client: QueryClient }

const root = createRootRouteWithContext<RouterContext>()({ component: Outlet, notFoundComponent: Missing });

interface SignInSearch { next?: string }

/** Only a path of this site may be the page to go to after sign-in. */
const ownPath = (value: unknown): string | undefined => (typeof value === 'string' && /^\/(?![/\\])/.test(value) ? value : undefined);

const signIn = createRoute({
  getParentRoute: () => root,
  path: '/login',
  validateSearch: (search: Record<string, unknown>): SignInSearch => ({ next: ownPath(search.next) }),
  loader: async ({ context }) => {
    await Promise.all([loadArea('signin'), context.client.ensureQueryData(brandingQuery).catch(() => null)]);
  },
  component: lazyRouteComponent(() => import('../pages/signin/SignInPage'), 'SignInPage'),
});

async function signedIn(client: QueryClient, href: string): Promise<Me> {
  try {
    return await client.ensureQueryData(meQuery);
  } catch (error) {
    if (asProblem(error).status === 401) throw redirect({ to: '/login', search: href === '/' ? {} : { next: href } });
    throw error;
  }
}

const app = createRoute({
  getParentRoute: () => root,
  id: 'app',
  beforeLoad: async ({ context, location }) => ({ me: await signedIn(context.client, location.href) }),
  component: Shell,
});

let landed = false;

const home = createRoute({
  getParentRoute: () => app,
  path: '/',
  beforeLoad: ({ context }) => {
    const first = !landed;
    landed = true;
    if (first && landsInInbox(context.me)) throw redirect({ to: '/inbox/$view', params: { view: 'open' } });
  },
  loader: async ({ context }) => {
    void context.client.prefetchQuery(homeQuery);
    await loadArea('home');
  },
  component: lazyRouteComponent(() => import('../pages/home/HomePage'), 'HomePage'),
});

/** `q` filters the list; `m` is a message to show in the thread. */
export interface InboxSearch { q?: string; m?: string }

const inboxSearch = (search: Record<string, unknown>): InboxSearch => ({
  ...(typeof search.q === 'string' && search.q !== '' && { q: search.q }),
  ...(typeof search.m === 'string' && search.m.startsWith('msg_') && { m: search.m }),
});

const inbox = createRoute({
  getParentRoute: () => app,
  path: '/inbox',
  validateSearch: inboxSearch,
  beforeLoad: ({ location }) => {
    landed = true;
    if (/^\/inbox\/?$/.test(location.pathname)) throw redirect({ to: '/inbox/$view', params: { view: 'open' } });
  },
  loader: async ({ context }) => {
    if (can(context.me, 'readInbox')) void context.client.prefetchQuery(countsQuery);
    await Promise.all([loadArea('inbox'), loadArea('call')]);
  },
  component: lazyRouteComponent(() => import('../pages/inbox/InboxPage'), 'InboxPage'),
});

const inboxView = createRoute({
  getParentRoute: () => inbox,
  path: '$view',
  loader: ({ context, params, location }) => {
    if (!can(context.me, 'readInbox')) return;
    const search = inboxSearch(location.search as Record<string, unknown>).q ?? '';
    void context.client.prefetchInfiniteQuery(listQuery({ view: params.view, search }));
  },
});

const inboxConversation = createRoute({ getParentRoute: () => inboxView, path: '$conversation' });

const contacts = createRoute({
  getParentRoute: () => app,
  path: '/contacts',
  validateSearch: contactsSearch,
  loader: () => loadArea('contacts'),
  component: lazyRouteComponent(() => import('../pages/contacts/ContactsPage'), 'ContactsPage'),
});

const contact = createRoute({
  getParentRoute: () => app,
  path: '/contacts/$contactId',
  validateSearch: (search: Record<string, unknown>): { edit?: boolean } => (search.edit === true ? { edit: true } : {}),
  loader: () => loadArea('contacts'),
  component: lazyRouteComponent(() => import('../pages/contacts/profile/ProfilePage'), 'ProfilePage'),
});

const attributes = createRoute({
  getParentRoute: () => app,
  path: '/attributes',
  loader: () => loadArea('contacts'),
  component: lazyRouteComponent(() => import('../pages/contacts/AttributesPage'), 'AttributesPage'),
});

const suppressions = createRoute({
  getParentRoute: () => app,
  path: '/suppressions',
  validateSearch: (search: Record<string, unknown>): { q?: string } => (typeof search.q === 'string' || typeof search.q === 'number' ? { q: String(search.q) } : {}),
  loader: () => loadArea('contacts'),
  component: lazyRouteComponent(() => import('../pages/contacts/SuppressionsPage'), 'SuppressionsPage'),
});

const segments = createRoute({
  getParentRoute: () => app,
  path: '/segments',
  validateSearch: segmentsSearch,
  loader: async ({ context, location }) =>
    (await import('../pages/segments/load')).loadSegments(context.client, context.me, segmentsSearch(location.search as Record<string, unknown>)),
  component: lazyRouteComponent(() => import('../pages/segments/SegmentsPage'), 'SegmentsPage'),
});

const segment = createRoute({
  getParentRoute: () => app,
  path: '/segments/$segmentId',
  loader: async ({ context, params }) => (await import('../pages/segments/load')).loadSegment(context.client, context.me, params.segmentId),
  component: lazyRouteComponent(() => import('../pages/segments/SegmentPage'), 'SegmentPage'),
});

const imports = createRoute({
  getParentRoute: () => app,
  path: '/imports',
  loader: async ({ context }) => (await import('../pages/imports/load')).loadImports(context.client, context.me),
  component: lazyRouteComponent(() => import('../pages/imports/ImportsPage'), 'ImportsPage'),
});

const importOne = createRoute({
  getParentRoute: () => app,
  path: '/imports/$importId',
  validateSearch: (search: Record<string, unknown>): { step?: string } => (typeof search.step === 'string' ? { step: search.step } : {}),
  loader: async ({ context, params }) => (await import('../pages/imports/load')).loadImport(context.client, context.me, params.importId),
  component: lazyRouteComponent(() => import('../pages/imports/ImportPage'), 'ImportPage'),
});

const channels = createRoute({
  getParentRoute: () => app,
  path: '/channels',
  loader: async ({ context }) => (await import('../pages/channels/load')).loadChannels(context.client, context.me),
  component: lazyRouteComponent(() => import('../pages/channels/ChannelsPage'), 'ChannelsPage'),
});

const account = createRoute({
  getParentRoute: () => app,
  path: '/channels/$accountId',
  loader: async ({ context }) => (await import('../pages/channels/load')).loadChannels(context.client, context.me),
  component: lazyRouteComponent(() => import('../pages/channels/AccountPage'), 'AccountPage'),
});

const routing = createRoute({
  getParentRoute: () => app,
  path: '/routing',
  loader: async ({ context }) => (await import('../pages/routing/load')).loadRouting(context.client, context.me),
  component: lazyRouteComponent(() => import('../pages/routing/RoutingPage'), 'RoutingPage'),
});

const queues = createRoute({
  getParentRoute: () => app,
  path: '/queues',
  loader: async ({ context }) => (await import('../pages/queues/load')).loadQueues(context.client, context.me),
  component: lazyRouteComponent(() => import('../pages/queues/QueuesPage'), 'QueuesPage'),
});

const queue = createRoute({
  getParentRoute: () => app,
  path: '/queues/$queueId',
  loader: async ({ context, params }) => (await import('../pages/queues/load')).loadQueue(context.client, context.me, params.queueId),
  component: lazyRouteComponent(() => import('../pages/queues/QueuePage'), 'QueuePage'),
});

const wallboard = createRoute({
  getParentRoute: () => app,
  path: '/live',
  loader: async ({ context }) => (await import('../pages/wallboard/load')).loadWallboard(context.client, context.me),
  component: lazyRouteComponent(() => import('../pages/wallboard/WallboardPage'), 'WallboardPage'),
});

const flows = createRoute({
  getParentRoute: () => app,
  path: '/flows',
  validateSearch: flowsSearch,
  loader: async ({ context, location }) =>
    (await import('../pages/flows/load')).loadFlows(context.client, context.me, flowsSearch(location.search as Record<string, unknown>)),
  component: lazyRouteComponent(() => import('../pages/flows/FlowsPage'), 'FlowsPage'),
});

const flow = createRoute({
  getParentRoute: () => app,
  path: '/flows/$flowId',
  loader: async ({ context, params }) => (await import('../pages/flows/load')).loadFlow(context.client, context.me, params.flowId),
  component: lazyRouteComponent(() => import('../pages/flows/editor/EditorPage'), 'EditorPage'),
});

const reports = createRoute({
  getParentRoute: () => app,
  path: '/reports',
  loader: () => loadArea('reports'),
  component: lazyRouteComponent(() => import('../pages/reports/ReportsPage'), 'ReportsPage'),
});

const webhooks = createRoute({
  getParentRoute: () => app,
  path: '/settings/webhooks',
  loader: async ({ context }) => (await import('../pages/settings/load')).loadWebhooks(context.client, context.me),
  component: lazyRouteComponent(() => import('../pages/settings/WebhooksPage'), 'WebhooksPage'),
});

const replies = createRoute({
  getParentRoute: () => app,
  path: '/settings/replies',
  loader: async ({ context }) => (await import('../pages/settings/load')).loadReplies(context.client, context.me),
  component: lazyRouteComponent(() => import('../pages/settings/RepliesPage'), 'RepliesPage'),
});

const wrapUps = createRoute({
  getParentRoute: () => app,
  path: '/settings/wrap-ups',
  loader: async ({ context }) => (await import('../pages/settings/load')).loadWrapUps(context.client, context.me),
  component: lazyRouteComponent(() => import('../pages/settings/WrapUpsPage'), 'WrapUpsPage'),
});

const policy = createRoute({
  getParentRoute: () => app,
  path: '/settings/policy',
  loader: async ({ context }) => (await import('../pages/settings/load')).loadPolicy(context.client, context.me),
  component: lazyRouteComponent(() => import('../pages/settings/PolicyPage'), 'PolicyPage'),
});

const tree = root.addChildren([signIn, app.addChildren([contacts, contact, attributes, suppressions, segments, segment, imports, importOne, routing, channels, account, queues, queue, webhooks, replies, wrapUps, policy, wallboard, reports, flows, flow, home, inbox.addChildren([inboxView.addChildren([inboxConversation])])])]);

export function makeRouter(client: QueryClient) {
  return createRouter({
    routeTree: tree,
    context: { client },
    defaultPreload: 'intent',
    defaultPreloadStaleTime: 0,
    defaultErrorComponent: Crash,
    defaultNotFoundComponent: Missing,
    scrollRestoration: false,
  });
}

declare module '@tanstack/react-router' {
  interface Register { router: ReturnType<typeof makeRouter> }
}

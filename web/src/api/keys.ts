/** Keys of the query cache, from one factory, so that stream events find what they change: [area, kind, params]. */

export interface ListParams { view: string; search: string }

export const keys = {
  me: ['session', 'me'] as const,
  branding: ['session', 'branding'] as const,
  home: ['home', 'summary'] as const,
  campaigns: ['campaigns', 'list'] as const,
  wallet: ['billing', 'wallet'] as const,
  queues: ['routing', 'queues'] as const,
  channels: ['channels', 'list'] as const,
  users: ['tenancy', 'users'] as const,
  contact: (id: string) => ['contacts', 'one', id] as const,
  counts: ['conversations', 'counts'] as const,
  lists: ['conversations', 'list'] as const,
  list: (params: ListParams) => ['conversations', 'list', params] as const,
  conversation: (id: string) => ['conversations', 'one', id] as const,
  messages: (id: string) => ['conversations', 'messages', id] as const,
};

/** Short names for the generated types, and the events of the stream (which OpenAPI cannot describe). */
import type { components, paths } from './schema';

/** What a GET of `Path` answers. */
type Answer<Path extends keyof paths> = paths[Path] extends { get: { responses: { 200: { content: { 'application/json': infer Body } } } } } ? Body : never;
type Item<Path extends keyof paths> = Answer<Path> extends { items: (infer Row)[] } ? Row : never;

export type Me = Answer<'/v1/me'>;
export type Brand = Answer<'/v1/branding'>;
export type Tenant = Me['tenants'][number];
export type Home = Answer<'/v1/home'>;
export type Counts = Answer<'/v1/conversations/counts'>;
export type Conversation = Answer<'/v1/conversations/{conversation_id}'>;
export type Message = Item<'/v1/conversations/{conversation_id}/messages'>;
export type Campaign = Item<'/v1/campaigns'>;
export type Channel = Item<'/v1/channels'>;
export type Wallet = Answer<'/v1/wallet'>;
export type ProviderAccount = Answer<'/v1/provider-accounts/{account_id}'>;
export type AccountHealth = NonNullable<ProviderAccount['health']>;
export type ChannelHealth = Answer<'/v1/channels/{channel_id}/health'>;
export type ErrorCount = AccountHealth['errors'][number];
export type WholeMessage = Answer<'/v1/messages/{message_id}'>;
export type Attempt = WholeMessage['attempts'][number];
export type Check = components['schemas']['CheckOut'];
export type ChannelTestResult = components['schemas']['ChannelTestOut'];
type Posted<Path extends keyof paths> = paths[Path] extends { post: { requestBody: { content: { 'application/json': infer Body } } } } ? Body : never;
type Patched<Path extends keyof paths> = paths[Path] extends { patch: { requestBody: { content: { 'application/json': infer Body } } } } ? Body : never;
export type NewAccount = Posted<'/v1/provider-accounts'>;
export type AccountChange = Patched<'/v1/provider-accounts/{account_id}'>;

export type ConditionField = components['schemas']['ConditionField'];
export type Counted = components['schemas']['Count'];
export type Explained = components['schemas']['Explanation'];
export type ExplainedNode = Explained['tree'] | Explained['tree']['rules'][number];
export type Segment = Answer<'/v1/segments/{segment_id}'>;
export type PlainGroup = NonNullable<Segment['condition']>;
export type PlainRule = Exclude<PlainGroup['rules'][number], { rules: unknown }>;
export type SegmentVersion = Item<'/v1/segments/{segment_id}/versions'>;
export type SegmentUse = Item<'/v1/segments/{segment_id}/usage'>;
export type RoutingRules = Answer<'/v1/routing-rules'>;
export type RoutingRule = RoutingRules['rules'][number];
export type InheritedRule = RoutingRules['before'][number];
export type RoutingAction = RoutingRule['actions'][number];
export type RoutingBody = components['schemas']['RulesIn'];
export type RoutingTargets = Answer<'/v1/routing-rules/targets'>;
export type RoutingVersion = Item<'/v1/routing-rules/versions'>;
export type RoutingTrial = components['schemas']['TestIn'];
export type RoutingTested = components['schemas']['Tested'];
export type TestedRule = RoutingTested['rules'][number];
export type TestedNode = NonNullable<TestedRule['tree']> | NonNullable<TestedRule['tree']>['rules'][number];
export type RoutingOutcome = NonNullable<RoutingTested['outcome']>;
export type BackTested = components['schemas']['BackTested'];
export type Import = Answer<'/v1/imports/{import_id}'>;
export type ImportFile = Import['file'];
export type ImportOptions = Omit<Required<Import['options']>, 'mapping'> & { mapping: ImportColumn[] };
export type ImportTotals = Import['totals'];
export type ImportChange = components['schemas']['ImportChange'];
export type ImportError = Item<'/v1/imports/{import_id}/errors'>;
export type ImportColumn = Required<components['schemas']['Mapped']>;
export type ImportConsent = components['schemas']['ConsentGrant'];

export type Queue = Answer<'/v1/queues/{queue_id}'>;
export type QueueSettings = NonNullable<Queue['settings']>;
export type QueueStats = Answer<'/v1/queues/{queue_id}/stats'>;
export type QueueChange = Patched<'/v1/queues/{queue_id}'>;
export type Agent = Item<'/v1/agents'>;
export type User = Item<'/v1/users'>;
export type Presence = Agent['presence'];

export type Wallboard = Answer<'/v1/wallboard'>;
export type BoardQueue = Wallboard['queues'][number];
export type BoardAgent = Wallboard['agents'][number];
export type Figures = Answer<'/v1/me/report'>['total'];
export type Report = Answer<'/v1/me/report'> & { items: { id?: string | null; name: string; figures: Figures }[] };

export interface Page<T> { items: T[]; has_more: boolean }

export type MessagePatch = Pick<Message, 'id' | 'status'> & Partial<Message>;

export type DeskCall = components['schemas']['DeskCall'];
export type Said = components['schemas']['Said'];

export type ProviderTemplate = components['schemas']['TemplateOut'];
export type Medium = components['schemas']['Medium'];
export type ReplyContent = components['schemas']['ReplyIn']['content'];

export type LiveEvent =
  | { type: 'conversation.updated'; conversation: Conversation }
  | { type: 'conversation.typing'; conversation_id: string; user: { id: string; name: string } }
  | { type: 'conversation.viewing'; conversation_id: string; user: { id: string; name: string } }
  | { type: 'messages.arrived'; conversation_id: string }
  | { type: 'message.created'; conversation_id: string; message: Message }
  | { type: 'message.updated'; conversation_id: string; message: MessagePatch }
  | { type: 'mention.created'; user_id: string }
  | { type: 'message.corrected'; message_id: string; corrected_intent: string | null }
  | { type: 'campaign.updated'; campaign: Campaign }
  | { type: 'channel.health'; account_id: string; state: AccountHealth['state']; reason: string; code: string }
  | { type: 'call.updated'; call: components['schemas']['CallOut'] }
  | { type: 'desk_call.updated'; call: DeskCall }
  | { type: 'desk_call.said'; call_id: string; words: Said }
  | { type: 'wallet.updated'; wallet: Wallet }
  | { type: 'routing.updated' }
  | { type: 'flows.moved'; flow_ids: string[] }
  | { type: 'contact.updated'; contact_id: string }
  | { type: 'import.updated'; import: Import }
  | { type: 'segment.updated'; segment_id: string }
  | { type: 'presence.updated'; agent: { id: string; name: string }; status: Presence }
  | { type: 'conversation.breached'; conversation_id: string; target: string }
  | { type: 'rights' }
  | { type: 'gap' };

/** Short names for the generated types, and the events of the stream (which OpenAPI cannot describe). */
import type { components } from './schema';

type Schemas = components['schemas'];
export type Me = Schemas['Me'];
export type Tenant = Me['tenants'][number];
export type Home = Schemas['Home'];
export type Counts = Schemas['api__schemas__conversations__ConversationCounts'];
export type Conversation = Schemas['Conversation'];
export type Message = Schemas['Message'];
export type Campaign = Schemas['Campaign'];
export type Channel = Schemas['Channel'];
export type Contact = Schemas['ContactDetail'];
export type Wallet = Schemas['Wallet'];

export interface Page<T> { items: T[]; has_more: boolean }

export type MessagePatch = Pick<Message, 'id' | 'status'> & Partial<Message>;

export type LiveEvent =
  | { type: 'conversation.updated'; conversation: Conversation }
  | { type: 'message.created'; conversation_id: string; message: Message }
  | { type: 'message.updated'; conversation_id: string; message: MessagePatch }
  | { type: 'campaign.updated'; campaign: Campaign }
  | { type: 'wallet.updated'; wallet: Wallet }
  | { type: 'gap' };

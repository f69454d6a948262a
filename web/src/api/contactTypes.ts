/** Shapes of the contact routes. */
export type Scalar = string | number | boolean;
export type ChannelKind = 'sms' | 'whatsapp' | 'rcs' | 'voice';
export type AddressKind = 'phone' | 'whatsapp' | 'rcs' | 'sip';
export interface Address { kind: string; address: string; primary: boolean; created_at?: string }
export interface Contact {
  id: string; tenant_id: string; name: string; phone: string | null; addresses: Address[]; language: string; time_zone: string; tags: string[];
  attributes: Record<string, Scalar>; consents: Record<string, string>; version: number; last_inbound_at: string | null; created_at: string; updated_at: string;
}
export interface Consent { channel_kind: string; purpose: string; state: string; source: string; proof: string; changed_at: string; changed_by: string }
export interface ContactDetail extends Omit<Contact, 'consents'> { consents: Consent[]; reachable?: Record<string, boolean> }
export interface ContactFilter { search?: string; tag?: string; segment?: string; channel?: string; consent?: string; language?: string }
export interface Landmarks { every: number; count: number; items: string[] }
export interface TagCount { tag: string; contacts: number }
export interface Attribute { id: string; key: string; label: string; type: 'text' | 'number' | 'boolean' | 'date' | 'choice'; choices: string[]; indexed: boolean; position: number; version: number; contacts?: number; created_at: string; updated_at: string }
export interface Suppression { id: string; kind: string; address: string; reason: string; created_at: string; created_by?: string | null }
export interface SavedView { id: string; area: string; name: string; shared: boolean; mine: boolean; config: Record<string, unknown>; updated_at: string }
export interface Step { status: string; at: string }
export interface TimelineEntry { id: string; kind: string; at: string; actor: { kind: string; id: string | null; name: string } | null; data: Record<string, unknown> }
export interface TimelinePage { items: TimelineEntry[]; next_cursor: string | null }
export interface Duplicate { contact: Contact; reason: string; value: string }
export interface MergeField { field: string; label: string; winner: unknown; loser: unknown; result: unknown }
export interface MergePreview { fields: MergeField[]; moves: Record<string, number>; merge_id: string | null }
export interface SegmentRow { id: string; name: string; kind: string }

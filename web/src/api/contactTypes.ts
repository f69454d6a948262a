/** Short names for the generated types of contacts. */
import type { components } from './schema';

type Schemas = components['schemas'];

export type Contact = Schemas['Contact'];
export type ContactDetail = Schemas['ContactDetail'];
export type Address = Schemas['Address'];
export type Consent = Schemas['Consent'];
export type NewConsent = Schemas['NewConsent'];
export type ChannelKind = NewConsent['channel_kind'];
export type AddressKind = Schemas['NewAddress']['kind'];
export type Attribute = Schemas['Attribute'];
export type Suppression = Schemas['Suppression'];
export type Duplicate = Schemas['Duplicate'];
export type TimelineEntry = Schemas['Entry'];
export type TimelinePage = Schemas['TimelinePage'];
export type Landmarks = Schemas['Landmarks'];
export type TagCount = Schemas['Tag'];

/** A value of an attribute: OpenAPI says only that it is one of these. */
export type Scalar = string | number | boolean;
export interface ContactFilter { search?: string; tag?: string; segment?: string; channel?: string; consent?: string; language?: string }
export interface Step { status: string; at: string }

export interface SavedView { id: string; area: string; name: string; shared: boolean; mine: boolean; config: Record<string, unknown>; updated_at: string }
export interface MergeField { field: string; label: string; winner: unknown; loser: unknown; result: unknown }
export interface MergePreview { fields: MergeField[]; moves: Record<string, number>; merge_id: string | null }
export interface SegmentRow { id: string; name: string; kind: string }

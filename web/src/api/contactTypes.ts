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
export type SavedView = Schemas['View'];
export type MergeField = Schemas['MergeField'];
export type MergePreview = Schemas['MergePreview'];

/** A value of an attribute: OpenAPI says only that it is one of these. */
export type Scalar = string | number | boolean;
export interface ContactFilter { search?: string; tag?: string; segment?: string; channel?: string; consent?: string; language?: string }
export interface Step { status: string; at: string }


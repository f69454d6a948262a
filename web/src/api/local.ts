/** Shapes of routes that the generated types do not hold yet. */
import { api, body } from './client';
import type { PlainGroup } from '../ui/ConditionBuilder/condition';
import type { Field } from '../ui/ConditionBuilder/fields';

type Call = (path: string, init?: object) => Promise<{ data?: unknown; error?: unknown; response: Response }>;
const raw = api as unknown as Record<'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE', Call>;
export const call = <T>(method: keyof typeof raw, path: string, init?: object): Promise<T> => body(raw[method](path, init) as Promise<{ data?: T; response: Response }>);

export interface Segment {
  id: string; name: string; description: string; kind: 'dynamic' | 'static'; condition: PlainGroup | null; words: string | null; version: number; members: number | null; uses: number;
  created_by: string; created_at: string; updated_at: string; archived_at: string | null;
}
export interface Use { kind: string; id: string; name: string }
export interface SegmentVersion { version: number; condition: PlainGroup; words: string; created_by: string; created_at: string }
export interface Catalog { fields: Field[] }
export interface Counted { count: number; by_channel: Record<string, number> | null; unreachable: number | null; rules: { path: string; count: number }[] | null; took_ms: number }
export interface Explained { in: boolean; tree: ExplainedNode }
export interface ExplainedNode { combinator?: 'and' | 'or'; not?: boolean; rules?: ExplainedNode[]; field?: string; operator?: string; value?: unknown; result: boolean; words?: string; found?: unknown }
export interface SampleContact { id: string; name: string; phone: string | null; tags: string[]; last_inbound_at?: string | null; language?: string | null }

export interface ImportFile { format: string; encoding: string; delimiter: string; quote: string; has_header: boolean; header: string[]; sheet: string; sheets: string[]; preview: string[][]; rows_estimate: number; warnings: string[] }
export interface Column { column: string; target: string; create?: { type: string; label: string } | null }
export interface ImportConsent { channels: string[]; state: string; source: string; proof: string }
export interface ImportOptions { mapping: Column[]; policy: 'create' | 'update' | 'merge' | 'skip'; default_country: string; consent: ImportConsent | null; tags: string[] }
export interface Totals { created: number; updated: number; unchanged: number; skipped: number; errors: number }
export interface Undone { removed: number; restored: number; kept: number }
export interface Kept { contact_id: string; name: string; reason: string }
export interface Import {
  id: string; name: string; state: string; size_bytes: number; file: ImportFile; options: ImportOptions; totals: Totals; rows_done: number; rows_total: number | null; rows_per_s: number | null;
  error: { code: string; detail: string; row: number | null; column: string | null } | null; undo: Undone | null; seconds_left: number | null; created_by: string; created_at: string; started_at: string | null; finished_at: string | null;
}
export interface ImportError { row: number; column: string; value: string; code: string; detail: string; outcome: 'error' | 'skipped' }

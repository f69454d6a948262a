/** Errors of the API: RFC 9457 problem documents, and the two things that are none (no network, not JSON). */

export interface FieldError { pointer: string; code: string; detail: string }

export class Problem extends Error {
  readonly status: number;
  readonly code: string;
  readonly detail: string | null;
  readonly fields: FieldError[];
  readonly requestId: string | null;
  /** Seconds until a retry makes sense, from Retry-After. */
  readonly retryAfterS: number | null;
  /** Further members of the document, as named by its code: who changed it, what it was merged into. */
  readonly members: Readonly<Record<string, unknown>>;

  constructor(init: { status: number; code: string; title: string; detail?: string | null; fields?: FieldError[]; requestId?: string | null; retryAfterS?: number | null; members?: Record<string, unknown> }) {
    super(init.title);
    this.name = 'Problem';
    this.status = init.status;
    this.code = init.code;
    this.detail = init.detail && init.detail !== init.title ? init.detail : null;
    this.fields = init.fields ?? [];
    this.requestId = init.requestId ?? null;
    this.retryAfterS = init.retryAfterS ?? null;
    this.members = init.members ?? {};
  }

  /** True when the same request may succeed later: no network, throttled, or the server's own trouble. */
  get isTemporary(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

const text = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null);

function fieldErrors(value: unknown): FieldError[] {
  if (!Array.isArray(value)) return [];
  return value.flatMap((item: unknown) => {
    if (typeof item !== 'object' || item === null) return [];
    const { pointer, code, detail } = item as Record<string, unknown>;
    return [{ pointer: text(pointer) ?? '', code: text(code) ?? '', detail: text(detail) ?? '' }];
  });
}

/** Reads a problem document; anything else becomes a problem named after its status. */
export function toProblem(response: Response, body: unknown): Problem {
  const doc = (typeof body === 'object' && body !== null ? body : {}) as Record<string, unknown>;
  const wait = Number(response.headers.get('Retry-After'));
  return new Problem({
    status: response.status,
    code: text(doc.code) ?? `http-${response.status}`,
    title: text(doc.title) ?? response.statusText,
    detail: text(doc.detail),
    fields: fieldErrors(doc.errors),
    requestId: response.headers.get('X-Request-Id'),
    retryAfterS: Number.isFinite(wait) && wait > 0 ? wait : null,
    members: doc,
  });
}

export const OFFLINE = 'offline';

export function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof TypeError) return new Problem({ status: 0, code: OFFLINE, title: error.message });
  return new Problem({ status: 0, code: 'unexpected', title: error instanceof Error ? error.message : String(error) });
}

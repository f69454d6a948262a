/** Sends a file with its progress, which fetch cannot tell. */
import { csrfHeader } from './client';
import { Problem, toProblem } from './problem';
import type { Import, Medium } from './types';

export interface Upload<T> { done: Promise<T>; abort: () => void }

const TYPES: Record<string, string> = {
  csv: 'text/csv',
  xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
};

export const ABORTED = 'aborted';

function answer(request: XMLHttpRequest): unknown {
  try {
    return JSON.parse(request.responseText) as unknown;
  } catch {
    return null;
  }
}

const asResponse = (request: XMLHttpRequest): Response => {
  const headers = new Headers();
  for (const name of ['Retry-After', 'X-Request-Id']) {
    const value = request.getResponseHeader(name);
    if (value) headers.set(name, value);
  }
  return new Response(null, { status: request.status, statusText: request.statusText, headers });
};

function post<T>(url: string, body: XMLHttpRequestBodyInit, headers: Record<string, string>, onProgress: (share: number) => void): Upload<T> {
  const request = new XMLHttpRequest();
  const done = new Promise<T>((resolve, reject) => {
    request.upload.addEventListener('progress', (event) => onProgress(event.lengthComputable ? event.loaded / event.total : 0));
    request.addEventListener('load', () => {
      if (request.status >= 200 && request.status < 300) resolve(answer(request) as T);
      else reject(toProblem(asResponse(request), answer(request)));
    });
    request.addEventListener('error', () => reject(new Problem({ status: 0, code: 'offline', title: 'network' })));
    request.addEventListener('abort', () => reject(new Problem({ status: 0, code: ABORTED, title: 'aborted' })));
  });
  request.open('POST', url);
  for (const [name, value] of Object.entries({ ...headers, ...csrfHeader() })) request.setRequestHeader(name, value);
  request.send(body);
  return { done, abort: () => request.abort() };
}

/** POST /v1/imports with the bytes of `file`. `onProgress` hears of the share sent, 0..1. */
export const uploadImport = (file: File, key: string, onProgress: (share: number) => void): Upload<Import> =>
  post(`/v1/imports?name=${encodeURIComponent(file.name)}`, file, {
    'Content-Type': TYPES[file.name.split('.').at(-1)?.toLowerCase() ?? ''] ?? 'application/octet-stream',
    'Idempotency-Key': key,
  }, onProgress);

/** POST /v1/media: a file of the library, to be sent. */
export function uploadMedium(file: File, key: string, onProgress: (share: number) => void): Upload<Medium> {
  const form = new FormData();
  form.append('file', file);
  return post('/v1/media', form, { 'Idempotency-Key': key }, onProgress);
}

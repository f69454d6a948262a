/** Sends a file with its progress, which fetch cannot tell. */
import { csrfHeader } from './client';
import { Problem, toProblem } from './problem';
import type { Import } from './types';

export interface Upload { done: Promise<Import>; abort: () => void }

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

/** POST /v1/imports with the bytes of `file`. `onProgress` hears of the share sent, 0..1. */
export function uploadImport(file: File, key: string, onProgress: (share: number) => void): Upload {
  const request = new XMLHttpRequest();
  const done = new Promise<Import>((resolve, reject) => {
    request.upload.addEventListener('progress', (event) => onProgress(event.lengthComputable ? event.loaded / event.total : 0));
    request.addEventListener('load', () => {
      if (request.status >= 200 && request.status < 300) resolve(answer(request) as Import);
      else reject(toProblem(asResponse(request), answer(request)));
    });
    request.addEventListener('error', () => reject(new Problem({ status: 0, code: 'offline', title: 'network' })));
    request.addEventListener('abort', () => reject(new Problem({ status: 0, code: ABORTED, title: 'aborted' })));
  });
  request.open('POST', `/v1/imports?name=${encodeURIComponent(file.name)}`);
  request.setRequestHeader('Content-Type', TYPES[file.name.split('.').at(-1)?.toLowerCase() ?? ''] ?? 'application/octet-stream');
  request.setRequestHeader('Idempotency-Key', key);
  for (const [name, value] of Object.entries(csrfHeader())) request.setRequestHeader(name, value);
  request.send(file);
  return { done, abort: () => request.abort() };
}

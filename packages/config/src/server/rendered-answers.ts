import { createHash } from 'node:crypto';
import type { HttpRequest, HttpResponse } from '@dure/service/server';
import type { BackendFound } from './backends/config-backend.ts';

/** An answer that is there as a whole. */
export interface WholeAnswer extends HttpResponse {
  readonly body: string | Uint8Array;
}

/** Spellings of the same request; beyond that they are written anew. */
const mostSpellings = 32;

/**
 * Keeps what was written from what a backend found for as long as the backend gives the same object, which it does while
 * nothing has changed.
 */
export class RenderedAnswers {
  readonly #rendered = new WeakMap<BackendFound, Map<string, HttpResponse>>();

  of(found: BackendFound, key: string, render: () => WholeAnswer): HttpResponse {
    const kept = this.#rendered.get(found) ?? new Map<string, HttpResponse>();
    this.#rendered.set(found, kept);
    const before = kept.get(key);
    if (before !== undefined) return before;
    if (kept.size >= mostSpellings) kept.clear();
    const answer = tagged(render());
    kept.set(key, answer);
    return answer;
  }
}

/** Adds an entity tag (RFC 9110, §8.8.3) of what the body is. */
export function tagged(answer: WholeAnswer): HttpResponse {
  const tag = createHash('sha256').update(answer.body).digest('base64url').slice(0, 27);
  return { ...answer, headers: { ...answer.headers, etag: `"${tag}"` } };
}

/** The answer, or 304 when the asker has it already (RFC 9110, §13.2.2). */
export function unlessKnown({ headers }: HttpRequest, answer: HttpResponse): HttpResponse {
  const { 'if-none-match': tags, 'if-modified-since': since } = headers;
  const { etag, 'last-modified': modified } = answer.headers ?? {};
  const isKnown =
    typeof tags === 'string'
      ? tags.split(',').some((tag) => tag.trim() === '*' || tag.trim().replace(/^W\//, '') === etag)
      : typeof since === 'string' && typeof modified === 'string' && Date.parse(modified) <= Date.parse(since);
  if (!isKnown) return answer;
  const { 'content-type': _, ...kept } = answer.headers ?? {};
  return { status: 304, headers: kept };
}

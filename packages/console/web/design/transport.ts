import type { Problem } from '@dure/core';

/** Why a request has no answer to show. */
export type Failure =
  | { readonly kind: 'problem'; readonly problem: Problem; readonly retryAfterSeconds?: number }
  | { readonly kind: 'offline' }
  | { readonly kind: 'aborted' };

/** What came of a request; nothing is thrown. */
export type Answer<T> =
  | { readonly ok: true; readonly value: T; readonly traceId?: string }
  | { readonly ok: false; readonly failure: Failure; readonly traceId?: string };

/** What goes along with a request. */
export interface RequestOptions {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** One request to the origin that served the page; its session is an HttpOnly cookie, which scripts never see. */
export async function requestJson<T>(method: string, path: string, options: RequestOptions = {}): Promise<Answer<T>> {
  try {
    const response = await fetch(path, {
      method,
      credentials: 'same-origin',
      headers: {
        accept: 'application/json, application/problem+json',
        ...(options.body === undefined ? {} : { 'content-type': 'application/json' }),
        ...options.headers,
      },
      ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
    return await readAnswer<T>(response);
  } catch {
    return { ok: false, failure: { kind: options.signal?.aborted === true ? 'aborted' : 'offline' } };
  }
}

/** What happens on a stream of server-sent events. */
export interface EventHandlers {
  readonly opened?: () => void;
  readonly received: (data: unknown) => void;
  /** The connection was lost; the browser connects again by itself. `gaveUp` says that it will not. */
  readonly lost?: (gaveUp: boolean) => void;
}

/** Follows server-sent events of the given names (and unnamed ones); returns what ends it. */
export function followEvents(path: string, names: readonly string[], handlers: EventHandlers): () => void {
  const source = new EventSource(path, { withCredentials: true });
  const receive = (event: MessageEvent<string>) => {
    const data = parse(event.data);
    if (data !== undefined) handlers.received(data);
  };
  source.onopen = () => handlers.opened?.();
  source.onerror = () => handlers.lost?.(source.readyState === EventSource.CLOSED);
  source.onmessage = receive;
  for (const name of names) source.addEventListener(name, receive);
  return () => source.close();
}

async function readAnswer<T>(response: Response): Promise<Answer<T>> {
  const traceId = traceOf(response.headers);
  const text = await response.text();
  const value = parse(text);
  if (response.ok) return withTrace({ ok: true, value: value as T }, traceId);
  const problem = asProblem(value, response);
  const seconds = Number.parseInt(response.headers.get('retry-after') ?? '', 10);
  const failure: Failure = Number.isNaN(seconds)
    ? { kind: 'problem', problem }
    : { kind: 'problem', problem, retryAfterSeconds: seconds };
  return withTrace({ ok: false, failure }, problem.traceId ?? traceId);
}

function withTrace<A extends object>(answer: A, traceId: string | undefined): A & { readonly traceId?: string } {
  return traceId === undefined ? answer : { ...answer, traceId };
}

/** The trace of an answer: its own header, or the second field of a `traceparent` or `traceresponse`. */
function traceOf(headers: Headers): string | undefined {
  const header = headers.get('dure-request-id') ?? headers.get('traceresponse') ?? headers.get('traceparent');
  return header === null ? undefined : (/[0-9a-f]{32}/.exec(header)?.[0] ?? undefined);
}

function asProblem(value: unknown, response: Response): Problem {
  if (typeof value === 'object' && value !== null && 'title' in value && 'status' in value) return value as Problem;
  return { type: 'about:blank', title: response.statusText || `HTTP ${response.status}`, status: response.status };
}

function parse(text: string): unknown {
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

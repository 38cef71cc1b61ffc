import type { IncomingHttpHeaders } from 'node:http';
import type { Call, Clock, Identity, Ids, Operation } from '@dure/core';
import { headers, newTrace, parsePositions, parseTraceparent, SeenPositions, startCall } from '@dure/core';

/** What a call is made from when a request arrives. */
export interface InboundRequest {
  readonly headers: IncomingHttpHeaders;
  /** Makes the signal that aborts when the caller leaves; asked only when somebody needs it. */
  readonly signal: () => AbortSignal;
}

/** The longest `Idempotency-Key` that counts as one, in characters. */
export const longestKey = 200;
const longestBaggage = 8_192;

/** An `Idempotency-Key`, if it counts as one. */
export function readKey(key: string | undefined): string | undefined {
  return key !== undefined && key.length > 0 && key.length <= longestKey ? key : undefined;
}

/** Reads the headers of a request: what is absent or malformed is left out, never an error. */
export function inboundCall(
  request: InboundRequest,
  operation: Operation,
  identity: Identity,
  clock: Clock,
  ids: Ids,
): Call {
  const from = request.headers;
  const leftMs = wholeNumber(from[headers.timeoutMs]);
  const key = first(from[headers.idempotencyKey]);
  const budgetLeft = wholeNumber(from[headers.retryBudget]);
  const number = wholeNumber(from[headers.attempt]) ?? 1;
  return startCall({
    operation,
    identity,
    signal: request.signal,
    trace: parseTraceparent(first(from[headers.traceparent]), first(from[headers.tracestate])) ?? newTrace(ids),
    deadline: leftMs === undefined ? Number.POSITIVE_INFINITY : clock.now() + leftMs,
    attempt: budgetLeft === undefined ? { number, tried: [] } : { number, tried: [], budgetLeft },
    idempotencyKey: readKey(key),
    baggage: parseBaggage(first(from[headers.baggage])),
    positions: new SeenPositions(parsePositions(from[headers.position])),
  });
}

/** The trace id of a request that has no call: the one it names, when that is one, or a new one. */
export function traceIdOf(from: IncomingHttpHeaders, ids: Ids): string {
  return parseTraceparent(first(from[headers.traceparent]))?.traceId ?? ids.traceId();
}

/** Reads a `baggage` header (W3C Baggage); properties are dropped, and all of it when it is too long. */
export function parseBaggage(header: string | undefined): Readonly<Record<string, string>> {
  const baggage: Record<string, string> = {};
  if (header === undefined || header.length > longestBaggage) return baggage;
  for (const member of header.split(',')) {
    const [pair = ''] = member.split(';');
    const at = pair.indexOf('=');
    if (at <= 0) continue;
    try {
      baggage[pair.slice(0, at).trim()] = decodeURIComponent(pair.slice(at + 1).trim());
    } catch {}
  }
  return baggage;
}

function first(value: string | readonly string[] | undefined): string | undefined {
  return typeof value === 'string' ? value : value?.[0];
}

function wholeNumber(value: string | readonly string[] | undefined): number | undefined {
  const text = first(value);
  return text !== undefined && /^\d{1,12}$/.test(text) ? Number(text) : undefined;
}

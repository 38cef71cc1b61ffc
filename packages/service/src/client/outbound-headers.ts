import type { Call, Clock } from '@dure/core';
import { formatPositions, formatTraceparent, headers } from '@dure/core';

/** What a request says about itself beside its call. */
export interface RequestParts {
  readonly authorization: string | undefined;
  /** The body's media type, if there is one. */
  readonly type: string | undefined;
  /** The body's length, if it is not for the connection to find out. */
  readonly length: number | undefined;
  readonly foreign: boolean;
}

/** Writes what travels with a call as header fields; to a foreign service only what concerns it. */
export function outboundHeaders(
  call: Call,
  clock: Clock,
  { authorization, type, length, foreign }: RequestParts,
): Record<string, string> {
  const sent: Record<string, string> = {
    [headers.traceparent]: formatTraceparent(call.trace),
    accept: foreign ? '*/*' : 'application/json',
  };
  if (authorization !== undefined) sent.authorization = authorization;
  if (type !== undefined) sent['content-type'] = type;
  if (length !== undefined) sent['content-length'] = String(length);
  if (call.trace.state !== undefined) sent[headers.tracestate] = call.trace.state;
  if (call.idempotencyKey !== undefined) sent[headers.idempotencyKey] = call.idempotencyKey;
  if (!foreign) addOwn(sent, call, clock);
  return sent;
}

function addOwn(sent: Record<string, string>, { deadline, attempt, baggage, positions }: Call, clock: Clock): void {
  if (deadline !== Number.POSITIVE_INFINITY)
    sent[headers.timeoutMs] = String(Math.max(1, Math.floor(deadline - clock.now())));
  if (attempt.number > 1) sent[headers.attempt] = String(attempt.number);
  if (attempt.budgetLeft !== undefined) sent[headers.retryBudget] = String(attempt.budgetLeft);
  const seen = formatPositions(positions.all());
  if (seen !== undefined) sent[headers.position] = seen;
  let members = '';
  for (const key in baggage) members += `${members === '' ? '' : ','}${key}=${encodeURIComponent(baggage[key] ?? '')}`;
  if (members !== '') sent[headers.baggage] = members;
}

import type { Call, Clock, DureError } from '@dure/core';
import { formatTraceparent, headers, isDureError, messageOf, userOf } from '@dure/core';
import type { Dispatcher } from 'undici';
import { Agent } from 'undici';
import type { HttpOperation } from '../contract/index.ts';
import { serviceErrors } from '../errors.ts';
import { readEventStream } from './read-event-stream.ts';
import { remoteError } from './remote-error.ts';
import type { RequestWriter } from './request-writer.ts';
import { requestWriter } from './request-writer.ts';
import type { TokenSigner } from './token-signer.port.ts';

/** Sends calls over HTTP; owns the connections. */
export interface HttpTransport {
  /** Makes the innermost handler of an operation: one request to `call.attempt.target`. */
  sender(operation: HttpOperation): (input: unknown, call: Call) => Promise<unknown>;
  close(): Promise<void>;
}

/** What a transport needs. */
export interface HttpTransportOptions {
  readonly clock: Clock;
  readonly signer: TokenSigner;
  /** Connections to one instance; default 64. A separate pool per instance keeps a slow one from starving others. */
  readonly connections?: number;
}

/**
 * HTTP/1.1 by undici, one pool per instance. SERVICE_CONNECT_FAILED, SERVICE_RESPONSE_INVALID, and whatever the remote
 * answers.
 */
export function httpTransport(options: HttpTransportOptions): HttpTransport {
  const agent = new Agent({
    connections: options.connections ?? 64,
    keepAliveTimeout: 30_000,
    headersTimeout: 0,
    bodyTimeout: 0,
  });
  return {
    sender(operation) {
      const writer = requestWriter(operation);
      return (input, call) => send({ operation, writer, agent, options }, input, call);
    },
    close: () => agent.destroy(),
  };
}

interface Sending {
  readonly operation: HttpOperation;
  readonly writer: RequestWriter;
  readonly agent: Agent;
  readonly options: HttpTransportOptions;
}

async function send({ operation, writer, agent, options }: Sending, input: unknown, call: Call): Promise<unknown> {
  const target = call.attempt.target;
  if (target === undefined)
    throw serviceErrors.NO_INSTANCE(`${operation.service}.${operation.name} was sent without an instance`);
  const authorization =
    operation.spec.access === 'public'
      ? undefined
      : await options.signer.authorize(operation.service, userOf(call.identity));
  let response: Dispatcher.ResponseData;
  try {
    response = await agent.request({
      origin: `http://${target.host}:${target.port}`,
      path: writer.path(input),
      method: operation.method,
      headers: outboundHeaders(call, authorization, writer.hasBody, options.clock),
      body: writer.body(input),
      signal: call.signal,
    });
  } catch (error) {
    throw call.signal.aborted ? error : connectFailed(operation, target.id, error);
  }
  if (response.statusCode >= 200 && response.statusCode < 300)
    return success(operation, response, target.id, call.signal);
  throw await failure(operation, response, target.id);
}

function outboundHeaders(
  call: Call,
  authorization: string | undefined,
  hasBody: boolean,
  clock: Clock,
): Record<string, string> {
  const sent: Record<string, string> = {
    [headers.traceparent]: formatTraceparent(call.trace),
    accept: 'application/json',
  };
  if (authorization !== undefined) sent.authorization = authorization;
  if (hasBody) sent['content-type'] = 'application/json';
  if (call.trace.state !== undefined) sent[headers.tracestate] = call.trace.state;
  if (call.deadline !== Number.POSITIVE_INFINITY)
    sent[headers.timeoutMs] = String(Math.max(1, Math.floor(call.deadline - clock.now())));
  if (call.attempt.number > 1) sent[headers.attempt] = String(call.attempt.number);
  if (call.attempt.budgetLeft !== undefined) sent[headers.retryBudget] = String(call.attempt.budgetLeft);
  if (call.idempotencyKey !== undefined) sent[headers.idempotencyKey] = call.idempotencyKey;
  const baggage = Object.entries(call.baggage);
  if (baggage.length > 0)
    sent[headers.baggage] = baggage.map(([key, value]) => `${key}=${encodeURIComponent(value)}`).join(',');
  return sent;
}

async function success(
  operation: HttpOperation,
  response: Dispatcher.ResponseData,
  instance: string,
  signal: AbortSignal,
): Promise<unknown> {
  if (operation.spec.output === undefined) {
    await response.body.dump();
    return undefined;
  }
  if (operation.spec.stream === true)
    return readEventStream(response.body, `${operation.service}.${operation.name}`, instance);
  try {
    return await response.body.json();
  } catch (cause) {
    if (signal.aborted) throw cause;
    throw serviceErrors.RESPONSE_INVALID(
      `${operation.service}.${operation.name}: the answer of ${instance} is not JSON: ${messageOf(cause)}`,
      { cause, details: { instance } },
    );
  }
}

async function failure(operation: HttpOperation, response: Dispatcher.ResponseData, instance: string): Promise<Error> {
  const text = await response.body.text();
  const retryAfter = response.headers['retry-after'];
  return remoteError(operation, {
    status: response.statusCode,
    instance,
    body: parsed(text),
    retryAfter: typeof retryAfter === 'string' ? retryAfter : undefined,
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined; // not a problem: the status alone has to say it
  }
}

const neverSent: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EHOSTUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);

function connectFailed({ service, name }: HttpOperation, instance: string, cause: unknown): DureError {
  if (isDureError(cause)) return cause;
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  return serviceErrors.CONNECT_FAILED(`${service}.${name}: the connection to ${instance} failed: ${messageOf(cause)}`, {
    cause,
    details: { instance, ...(neverSent.has(code) ? { sent: false } : {}) },
  });
}

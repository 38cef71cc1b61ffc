import type { Call, Clock } from '@dure/core';
import { formatTraceparent, headers, isDureError, isRefusal, messageOf, userOf } from '@dure/core';
import type { Dispatcher } from 'undici';
import { Agent } from 'undici';
import type { HttpOperation } from '../contract/index.ts';
import { serviceErrors } from '../errors.ts';
import type { Answer } from './exchange.ts';
import { exchange } from './exchange.ts';
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
  const { target } = call.attempt;
  if (target === undefined) {
    throw serviceErrors.NO_INSTANCE(`${operation.service}.${operation.name} was sent without an instance`);
  }
  const authorization =
    operation.spec.access === 'public'
      ? undefined
      : await options.signer.authorize(operation.service, userOf(call.identity));
  const request: Dispatcher.DispatchOptions = {
    origin: `http://${target.host}:${target.port}`,
    path: writer.path(input),
    method: operation.method,
    headers: outboundHeaders(call, authorization, writer.hasBody, options.clock),
    body: writer.body(input),
  };
  try {
    if (operation.spec.stream === true) return await openStream(operation, agent, request, call);
    return understood(operation, await exchange(agent, request, call.signal), target.id);
  } catch (error) {
    throw call.signal.aborted ? error : failed(operation, target.id, error);
  }
}

async function openStream(
  operation: HttpOperation,
  agent: Agent,
  request: Dispatcher.DispatchOptions,
  call: Call,
): Promise<AsyncIterable<unknown>> {
  const instance = call.attempt.target?.id ?? '';
  const {
    statusCode,
    headers: got,
    body,
  } = await agent.request({ ...request, signal: call.signal } as Dispatcher.RequestOptions);
  if (statusCode === 200) return readEventStream(body, `${operation.service}.${operation.name}`, instance);
  throw failure(operation, { status: statusCode, headers: got, text: await body.text() }, instance);
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

function understood(operation: HttpOperation, answer: Answer, instance: string): unknown {
  if (answer.status < 200 || answer.status >= 300) throw failure(operation, answer, instance);
  if (operation.spec.output === undefined) return undefined;
  try {
    return JSON.parse(answer.text) as unknown;
  } catch (cause) {
    throw serviceErrors.RESPONSE_INVALID(
      `${operation.service}.${operation.name}: the answer of ${instance} is not JSON: ${messageOf(cause)}`,
      { cause, details: { instance } },
    );
  }
}

function failure(operation: HttpOperation, { status, headers: got, text }: Answer, instance: string): Error {
  const retryAfter = got['retry-after'];
  return remoteError(operation, { status, instance, body: parsed(text), retryAfter });
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

function failed({ service, name }: HttpOperation, instance: string, cause: unknown): Error {
  if (isDureError(cause) || isRefusal(cause)) return cause;
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  return serviceErrors.CONNECT_FAILED(`${service}.${name}: the connection to ${instance} failed: ${messageOf(cause)}`, {
    cause,
    details: { instance, ...(neverSent.has(code) ? { sent: false } : {}) },
  });
}

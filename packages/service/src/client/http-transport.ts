import type { Call, Clock } from '@dure/core';
import {
  isDureError,
  isRefusal,
  messageOf,
  parseFallbacks,
  parsePositions,
  userOf,
  headers as wellKnown,
} from '@dure/core';
import { resilienceErrors } from '@dure/resilience';
import type { Dispatcher } from 'undici';
import { Agent } from 'undici';
import type { Bytes } from '../contract/bytes.ts';
import { bytesOf, isBytes, limitedBytes } from '../contract/bytes.ts';
import type { CallPolicy } from '../contract/call-policy.ts';
import type { HttpOperation } from '../contract/index.ts';
import { serviceErrors } from '../errors.ts';
import type { Answer } from './exchange.ts';
import { exchange } from './exchange.ts';
import { outboundHeaders } from './outbound-headers.ts';
import { readEventStream } from './read-event-stream.ts';
import { remoteError } from './remote-error.ts';
import type { RequestWriter } from './request-writer.ts';
import { requestWriter } from './request-writer.ts';
import type { TokenSigner } from './token-signer.port.ts';

/** Sends calls over HTTP; owns the connections. */
export interface HttpTransport {
  /** Makes the innermost handler of an operation: one request to `call.attempt.target`. */
  sender(operation: HttpOperation, to?: SenderOptions): (input: unknown, call: Call) => Promise<unknown>;
  close(): Promise<void>;
}

/** What is special about where the requests go. */
export interface SenderOptions {
  /** Scheme and path prefix come from here; the host from the call's target. Default: as the target says, and none. */
  readonly baseUrl?: string | undefined;
  /** It is no Dure service: refusals are told by status, no token is signed, no header of ours sent but the trace. */
  readonly foreign?: boolean;
  readonly headers?: CallPolicy['headers'] | undefined;
}

/** What a transport needs. */
export interface HttpTransportOptions {
  readonly clock: Clock;
  readonly signer: TokenSigner;
  /** Connections to one instance; default 64. A separate pool per instance keeps a slow one from starving others. */
  readonly connections?: number;
  /** Requests to one instance that are under way or wait for a connection; default 1 000. What comes beyond is refused. */
  readonly mostUnderWay?: number;
}

/**
 * HTTP/1.1 by undici, one pool per instance. SERVICE_CONNECT_FAILED, SERVICE_RESPONSE_INVALID, SERVICE_BODY_BROKEN,
 * RESILIENCE_BULKHEAD_FULL when too many requests wait for one instance, RESILIENCE_SHUT_DOWN for those that `close` ends
 * or that come after it, and whatever the remote answers.
 */
export function httpTransport(options: HttpTransportOptions): HttpTransport {
  const agent = new Agent({
    connections: options.connections ?? 64,
    keepAliveTimeout: 30_000,
    headersTimeout: 0,
    bodyTimeout: 0,
  });
  const underWay = new Map<string, number>();
  let closing: Promise<void> | undefined;
  return {
    sender(operation, to = {}) {
      const url = to.baseUrl === undefined ? undefined : new URL(to.baseUrl);
      const sending: Sending = {
        operation,
        writer: requestWriter(operation, url?.pathname.replace(/\/$/, '')),
        agent,
        options,
        underWay,
        isClosed: () => closing !== undefined,
        protocol: url?.protocol,
        foreign: to.foreign ?? false,
        headers: to.headers,
        isSigned: operation.spec.access !== 'public' && to.foreign !== true,
        streams: operation.spec.stream === true || isBytes(operation.spec.output),
      };
      return (input, call) => send(sending, input, call);
    },
    close() {
      closing ??= agent.destroy(resilienceErrors.SHUT_DOWN('the process that made this request is stopping'));
      return closing;
    },
  };
}

/** What the service wrote for this call, the caller has seen. */
function noteWritten({ positions }: Call, field: string | readonly string[] | undefined): void {
  for (const [service, position] of Object.entries(parsePositions(field))) positions.note(service, position);
}

interface Sending {
  readonly operation: HttpOperation;
  readonly writer: RequestWriter;
  readonly agent: Agent;
  readonly options: HttpTransportOptions;
  /** Requests by instance. */
  readonly underWay: Map<string, number>;
  readonly isClosed: () => boolean;
  /** Undefined where the target says it. */
  readonly protocol: string | undefined;
  readonly foreign: boolean;
  readonly headers: CallPolicy['headers'] | undefined;
  readonly isSigned: boolean;
  readonly streams: boolean;
}

async function send(sending: Sending, input: unknown, call: Call): Promise<unknown> {
  const { operation, writer, agent, options } = sending;
  const { target } = call.attempt;
  if (target === undefined)
    throw serviceErrors.NO_INSTANCE(`${operation.service}.${operation.name} was sent without an instance`);
  const authorization = sending.isSigned
    ? await options.signer.authorize(operation.service, userOf(call.identity))
    : undefined;
  const bytes = writer.bytes(input);
  const headers = outboundHeaders(call, options.clock, {
    authorization,
    type: bytes?.type ?? (writer.hasBody ? 'application/json' : undefined),
    length: bytes?.length,
    foreign: sending.foreign,
  });
  if (sending.headers !== undefined) Object.assign(headers, await sending.headers(call));
  const request: Dispatcher.DispatchOptions = {
    origin: `${sending.protocol ?? (target.secure === true ? 'https:' : 'http:')}//${target.host}:${target.port}`,
    path: writer.path(input),
    method: operation.method,
    headers,
    body: (bytes?.content ?? writer.body(input)) as Dispatcher.DispatchOptions['body'] & {},
  };
  enter(sending, target.id);
  try {
    if (sending.streams) return await openStream(sending, request, call, target.id);
    const answer = await exchange(agent, request, call);
    if (answer.headers[wellKnown.fallback] !== undefined && !sending.foreign)
      for (const note of parseFallbacks(answer.headers[wellKnown.fallback])) call.fallbacks.add(note);
    if (answer.headers[wellKnown.position] !== undefined && !sending.foreign)
      noteWritten(call, answer.headers[wellKnown.position]);
    return understood(sending, answer, target.id);
  } catch (error) {
    throw call.signal.aborted ? error : (bytes?.failure() ?? failed(operation, target.id, error));
  } finally {
    leave(sending, target.id);
  }
}

/** Takes a place among the requests to an instance, so that none of them queues without end for a connection. */
function enter({ underWay, isClosed, options, operation: { service, name } }: Sending, instance: string): void {
  const details = { instance, sent: false };
  if (isClosed())
    throw resilienceErrors.SHUT_DOWN(`${service}.${name}: the process that calls is stopping`, { details });
  const count = underWay.get(instance) ?? 0;
  const { mostUnderWay = 1_000 } = options;
  if (count >= mostUnderWay)
    throw resilienceErrors.BULKHEAD_FULL(
      `${service}.${name}: ${count} requests to ${instance} are under way or wait for a connection already`,
      { details },
    );
  underWay.set(instance, count + 1);
}

function leave({ underWay }: Sending, instance: string): void {
  const count = underWay.get(instance) ?? 0;
  if (count > 1) underWay.set(instance, count - 1);
  else underWay.delete(instance);
}

/** The longest answer that is read to tell why something failed. */
const longestProblem = 2 ** 20;

async function openStream(
  sending: Sending,
  request: Dispatcher.DispatchOptions,
  call: Call,
  instance: string,
): Promise<unknown> {
  const { operation, agent } = sending;
  const answer = await agent.request({ ...request, signal: call.signal } as Dispatcher.RequestOptions);
  const { statusCode: status, headers, body } = answer;
  const name = `${operation.service}.${operation.name}`;
  if (status >= 200 && status < 300)
    return isBytes(operation.spec.output)
      ? arrivingBytes(operation.spec.output.bytes.maxBytes, headers, body, { name, instance })
      : readEventStream(body, name, instance);
  const text = await problemText(body);
  throw failure(sending, { status, headers, text }, instance);
}

/** What an answer that is no success says, as far as it is short. */
async function problemText(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > longestProblem) return ''; // leaving the loop ends the connection
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function arrivingBytes(
  maxBytes: number | undefined,
  headers: Answer['headers'],
  body: AsyncIterable<Uint8Array>,
  { name, instance }: { readonly name: string; readonly instance: string },
): Bytes {
  async function* understandable(): AsyncGenerator<Uint8Array> {
    try {
      yield* body;
    } catch (cause) {
      if (cause instanceof Error && cause.name === 'AbortError') throw cause;
      throw serviceErrors.RESPONSE_INVALID(`${name}: the bytes from ${instance} broke off: ${messageOf(cause)}`, {
        cause,
        details: { instance },
      });
    }
  }
  const length = headers['content-length'] === undefined ? undefined : Number(headers['content-length']);
  const type = headers['content-type'] ?? 'application/octet-stream';
  const bytes = bytesOf({ [Symbol.asyncIterator]: understandable }, { type, length });
  if (maxBytes === undefined) return bytes;
  return limitedBytes(bytes, maxBytes, () =>
    serviceErrors.RESPONSE_INVALID(`${name}: the answer of ${instance} is longer than ${maxBytes} bytes`, {
      details: { instance },
    }),
  );
}

function understood(sending: Sending, answer: Answer, instance: string): unknown {
  const { operation } = sending;
  if (answer.status < 200 || answer.status >= 300) throw failure(sending, answer, instance);
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

function failure({ operation, foreign, options }: Sending, { status, headers, text }: Answer, instance: string): Error {
  const retryAfter = headers['retry-after'];
  return remoteError(operation, { status, instance, body: parsed(text), retryAfter, foreign }, options.clock);
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

import type { ClientHttp2Session, ClientHttp2Stream, OutgoingHttpHeaders } from 'node:http2';
import { constants } from 'node:http2';
import type { Instance, Outcome, Picked } from '@dure/balancer';
import type { DureError } from '@dure/core';
import type { CircuitBreaker } from '@dure/resilience';
import type { Span } from '@dure/telemetry';
import { gatewayErrors } from '../errors.ts';
import { fieldValue } from '../http/field-lines.ts';
import { passedTrailers } from '../http/trailer-fields.ts';
import { isTlsFailure } from '../upstream/tls-failure.ts';
import { answerField } from './answer-fields.ts';
import type { EdgeHandler } from './edge-layer.ts';
import type { Exchange, Work } from './exchange.ts';
import { failureError, failureText, nobodyAsked } from './failure-error.ts';
import { grpcTimeoutMs, httpStatusOf, isGrpcFailure } from './grpc-status.ts';
import { requestText } from './request-text.ts';
import { isRetriedStatus, retryPauseMs } from './retry-rule.ts';

const mostAttempts = 3;

/**
 * Passes one call of gRPC on to an instance over HTTP/2: messages both ways at once with back-pressure, trailer fields,
 * the caller's deadline. It goes to another instance while no connection has come about; what was sent may have been
 * done, and callers of gRPC have their own rules for that. A call that is made of another request has its message at hand
 * and is repeated as any request is.
 */
class GrpcForwarding implements Work {
  readonly #exchange: Exchange;
  readonly #tried: string[] = [];
  readonly #deadlineMs: number | undefined;
  #picked: Picked | undefined;
  #breaker: CircuitBreaker | undefined;
  #permit = 0;
  #span: Span | undefined;
  #stream: ClientHttp2Stream | undefined;
  #grpcStatus: string | undefined;
  #trailers: readonly string[] | undefined;
  #attempts = 0;
  /** The shortest time for which a breaker that kept an instance from being asked stays open; undefined when none did. */
  #openForMs: number | undefined;
  /** When the call is given up, on the clock's monotonic scale. */
  #giveUpAt = Number.POSITIVE_INFINITY;
  #isConnecting = false;
  #isBegun = false;
  /** The client takes no more of the answer for now. */
  #isHeld = false;
  #isDone = false;

  constructor(exchange: Exchange) {
    this.#exchange = exchange;
    this.#deadlineMs = grpcTimeoutMs(fieldValue(exchange.fields, 'grpc-timeout'));
  }

  start(): void {
    const { engine, destination } = this.#exchange;
    const waits = this.#deadlineMs ?? destination.timeoutMs;
    this.#exchange.work = this;
    this.#giveUpAt = engine.clock.monotonicMs() + waits;
    engine.policies.asked(destination.service, 1);
    this.#attempt();
  }

  expire(): void {
    // That a client reads slowly is not held against the instance: else it could open the breaker for everybody.
    if (this.#isHeld) {
      this.#leave('cancelled');
      this.#exchange.answer.abort();
      return;
    }
    const { destination, engine } = this.#exchange;
    const { called } = destination;
    if (this.#isConnecting && engine.clock.monotonicMs() < this.#giveUpAt) {
      this.#again(failureError({ kind: 'connect' }, called), 'no connection in time', false);
      return;
    }
    this.#refuse(gatewayErrors.UPSTREAM_TIMEOUT(`"${called}" did not answer in time`), 'failure');
  }

  /** A stream of gRPC ends with a status; without one its caller may try again elsewhere. */
  endStream(): void {
    if (!this.#isBegun || this.#exchange.destination.stream === false) return;
    this.#finish('cancelled', ['grpc-status', '14', 'grpc-message', 'the gateway goes away']);
  }

  cancel(): void {
    this.#leave('cancelled');
  }

  /** `before` is why the attempt before failed, `counts` whether the budget has to allow another. */
  #attempt(before?: DureError, counts = false): void {
    const { engine, destination, isClosed, span: parent } = this.#exchange;
    if (isClosed || this.#isDone) return;
    const picked = before === undefined || this.#attempts < mostAttempts ? this.#pick() : undefined;
    this.#picked = picked;
    if (picked === undefined || (counts && !engine.policies.mayRetry(destination.service))) {
      this.#refuse(before ?? nobodyAsked(destination.called, this.#openForMs), 'cancelled');
      return;
    }
    const { instance } = picked;
    this.#attempts += 1;
    const span = engine.telemetry.startSpan(destination.service, {
      kind: 'client',
      parent: parent.context,
      attributes: { 'dure.instance': instance.id, 'dure.attempt': this.#attempts },
    });
    this.#span = span;
    this.#isConnecting = true;
    const connectMs = destination.connectTimeoutMs ?? engine.limits.connectTimeoutMs;
    this.#exchange.dueAt = Math.min(this.#giveUpAt, engine.clock.monotonicMs() + connectMs);
    engine.http2.open(instance, (opened) => {
      if (this.#isDone || this.#picked !== picked) return;
      this.#isConnecting = false;
      this.#exchange.dueAt = this.#giveUpAt;
      if ('cause' in opened) this.#onNoConnection(instance, opened.cause);
      else this.#send(opened, requestText(this.#exchange, { instance, span, number: this.#attempts, budgetLeft: 0 }));
    });
  }

  /** An instance that was not tried yet and whose breaker lets the call through. */
  #pick(): Picked | undefined {
    const { engine, destination, want } = this.#exchange;
    for (;;) {
      const picked = engine.balancer.pick(destination.service, this.#tried, want);
      if (picked === undefined) return undefined;
      const { instance } = picked;
      if (this.#tried.includes(instance.id)) {
        picked.done('cancelled');
        return undefined;
      }
      const breaker = engine.policies.breakers?.of(instance, destination.operation);
      const permit = breaker === undefined ? 0 : breaker.acquire();
      if (permit !== undefined) {
        this.#breaker = breaker;
        this.#permit = permit;
        return picked;
      }
      this.#openForMs = Math.min(this.#openForMs ?? Number.POSITIVE_INFINITY, breaker?.openForMs ?? 0);
      picked.done('cancelled');
      this.#tried.push(instance.id);
    }
  }

  #onNoConnection(instance: Instance, cause: unknown): void {
    const { engine, destination, span } = this.#exchange;
    const failure = { kind: isTlsFailure(cause) ? 'handshake' : 'connect', cause } as const;
    const error = failureError(failure, destination.called);
    const told = failureText(failure, destination.service, instance);
    if (failure.kind === 'handshake') this.#exchange.note('tls', told);
    engine.telemetry.log.warn(told, { code: error.code, instance: instance.id, error: cause, trace: span.context });
    this.#again(error, 'no connection', false);
  }

  /** Goes to another instance: this one has failed. */
  #again(error: DureError, why: string, counts: boolean): void {
    if (this.#picked !== undefined) this.#tried.push(this.#picked.instance.id);
    this.#stream = undefined;
    this.#leaveInstance('failure', error, why);
    this.#attempt(error, counts);
  }

  #send(session: ClientHttp2Session, head: string): void {
    const { answer, content } = this.#exchange;
    const stream = session.request(headersOf(head, content !== undefined), { endStream: false });
    this.#stream = stream;
    const isCurrent = () => !this.#isDone && this.#stream === stream;
    if (content === undefined) this.#pipeBody(stream);
    else stream.end(content);
    stream.on('response', (headers, flags: number, raw?: readonly string[]) => {
      const isWhole = (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0;
      if (isCurrent()) this.#begin(Number(headers[':status']), fieldsOf(raw ?? []), isWhole);
    });
    stream.on('data', (piece: Buffer) => {
      if (!isCurrent() || answer.write(piece)) return;
      stream.pause();
      this.#isHeld = true;
      answer.whenDrained(() => {
        this.#isHeld = false;
        stream.resume();
      });
    });
    stream.on('trailers', (_headers, _flags, raw?: readonly string[]) => {
      this.#trailers = fieldsOf(raw ?? []);
      this.#grpcStatus = answerField(this.#trailers, 'grpc-status');
    });
    stream.on('end', () => {
      if (isCurrent()) this.#finish(isGrpcFailure(this.#grpcStatus) ? 'failure' : 'success', this.#trailers);
    });
    stream.on('error', () => isCurrent() && this.#onReset(stream));
    stream.on('close', () => isCurrent() && this.#onReset(stream));
  }

  #pipeBody(stream: ClientHttp2Stream): void {
    const { body } = this.#exchange;
    body.on('data', (piece: Buffer) => {
      if (!this.#isDone && !stream.write(piece)) body.pause();
    });
    body.on('end', () => stream.end());
    stream.on('drain', () => body.resume());
  }

  #begin(status: number, fields: string[], isWhole: boolean): void {
    if (isWhole) {
      this.#grpcStatus = answerField(fields, 'grpc-status');
      if (this.#triesAgain(this.#grpcStatus)) return;
    }
    this.#isBegun = true;
    if (this.#deadlineMs === undefined) this.#exchange.dueAt = Number.POSITIVE_INFINITY;
    fields.push('via', `1.1 ${this.#exchange.engine.via}`);
    this.#exchange.answer.begin(status, fields, isWhole ? 0 : undefined);
    this.#exchange.answer.flush();
  }

  /** Whether the call's status is, by the route's own rule, reason to ask again, and there is a way to. */
  #triesAgain(code: string | undefined): boolean {
    const { retry, content, destination, engine } = this.#exchange;
    if (retry === undefined || content === undefined || this.#attempts > retry.retries) return false;
    if (!isRetriedStatus(retry, httpStatusOf(code)) || !engine.policies.mayRetry(destination.service)) return false;
    const attempts = this.#attempts;
    this.#stream = undefined;
    this.#leaveInstance('failure');
    const pauseMs = retryPauseMs(retry, attempts, engine.random.next());
    if (pauseMs === 0) this.#attempt();
    else engine.clock.after(pauseMs, () => this.#attempt());
    return true;
  }

  #finish(outcome: Outcome, trailers: readonly string[] | undefined): void {
    if (this.#isDone) return;
    this.#leave(outcome);
    this.#exchange.answer.end(undefined, passedTrailers(trailers));
  }

  #onReset({ rstCode }: ClientHttp2Stream): void {
    const { content, isRepeatable, destination } = this.#exchange;
    if (this.#isBegun) {
      this.#leave('failure');
      this.#exchange.answer.abort();
      return;
    }
    const error = failureError({ kind: 'closed' }, destination.called);
    // RFC 9113 §8.7: a refused stream was not processed.
    const isHarmless = isRepeatable || rstCode === constants.NGHTTP2_REFUSED_STREAM;
    if (content !== undefined && isHarmless) this.#again(error, 'hung up', true);
    else this.#refuse(error, 'failure');
  }

  #refuse(error: unknown, outcome: Outcome): void {
    if (this.#isDone) return;
    this.#leave(outcome, error);
    this.#exchange.refuse(error);
  }

  #leave(outcome: Outcome, error?: unknown): void {
    if (this.#isDone) return;
    this.#isDone = true;
    this.#leaveInstance(outcome, error);
    this.#exchange.dueAt = Number.POSITIVE_INFINITY;
    this.#exchange.work = undefined;
    this.#exchange.body.resume();
    if (this.#stream?.closed === false) this.#stream.close(constants.NGHTTP2_CANCEL);
  }

  #leaveInstance(outcome: Outcome, error?: unknown, why: string = outcome): void {
    if (this.#picked !== undefined) {
      const said = this.#grpcStatus === undefined ? why : `status ${this.#grpcStatus} of gRPC`;
      this.#exchange.note('attempt', `${this.#attempts}: ${this.#picked.instance.id}, ${said}`);
      this.#picked.done(outcome, 'unmeasured');
      this.#picked = undefined;
    }
    this.#grpcStatus = undefined;
    this.#breaker?.report(this.#permit, outcome === 'cancelled' ? 'nothing' : outcome);
    this.#breaker = undefined;
    if (error !== undefined) this.#span?.fail(error);
    this.#span?.end();
    this.#span = undefined;
  }
}

/** Sends a call of gRPC on, and what comes back. */
export const grpcForwarding: EdgeHandler = (exchange) => new GrpcForwarding(exchange).start();

const ofConnections: ReadonlySet<string> = new Set(['connection', 'te', 'transfer-encoding', 'content-length']);

/** The head of a request in HTTP/1.1's words as HTTP/2 says it. */
function headersOf(text: string, isTranslated: boolean): OutgoingHttpHeaders {
  const [line = '', ...lines] = text.split('\r\n');
  const [asked = '', path = ''] = line.split(' ');
  const method = isTranslated ? 'POST' : asked; // every call of gRPC is one
  const headers: Record<string, string | string[]> = { ':method': method, ':path': path, te: 'trailers' };
  for (const one of lines) {
    const colon = one.indexOf(':');
    if (colon <= 0) continue;
    const name = one.slice(0, colon).toLowerCase();
    const value = one.slice(colon + 1).trim();
    const known = headers[name === 'host' ? ':authority' : name];
    if (name === 'host') headers[':authority'] = value;
    else if (!ofConnections.has(name)) headers[name] = known === undefined ? value : [known, value].flat();
  }
  return headers;
}

/** What of an instance's fields, names and values in turn, its caller may hear. */
function fieldsOf(raw: readonly string[]): string[] {
  const fields: string[] = [];
  for (let index = 0; index < raw.length; index += 2) {
    const name = raw[index] ?? '';
    if (!name.startsWith(':') && !name.startsWith('dure-')) fields.push(name, raw[index + 1] ?? '');
  }
  return fields;
}

import type { ClientHttp2Session, ClientHttp2Stream, OutgoingHttpHeaders } from 'node:http2';
import { constants } from 'node:http2';
import type { Outcome, Picked } from '@dure/balancer';
import type { CircuitBreaker } from '@dure/resilience';
import type { Span } from '@dure/telemetry';
import { gatewayErrors } from '../errors.ts';
import { fieldValue } from '../http/field-lines.ts';
import { passedTrailers } from '../http/trailer-fields.ts';
import type { EdgeHandler } from './edge-layer.ts';
import type { Exchange, Work } from './exchange.ts';
import { failureError } from './failure-error.ts';
import { grpcTimeoutMs, isGrpcFailure } from './grpc-status.ts';
import { requestText } from './request-text.ts';

const mostAttempts = 3;

/**
 * Passes one call of gRPC on to an instance over HTTP/2: messages both ways at once with back-pressure, trailer fields,
 * the caller's deadline. It goes to another instance only while no connection has come about; what was sent may have
 * been done, and gRPC has its own rules for that.
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
  #isBegun = false;
  #isDone = false;

  constructor(exchange: Exchange) {
    this.#exchange = exchange;
    this.#deadlineMs = grpcTimeoutMs(fieldValue(exchange.fields, 'grpc-timeout'));
  }

  start(): void {
    const { engine, destination } = this.#exchange;
    const waits = this.#deadlineMs ?? destination.timeoutMs;
    this.#exchange.work = this;
    this.#exchange.dueAt = engine.clock.monotonicMs() + waits;
    engine.policies.asked(destination.service, 1);
    this.#attempt(undefined);
  }

  expire(): void {
    const { service } = this.#exchange.destination;
    this.#refuse(gatewayErrors.UPSTREAM_TIMEOUT(`"${service}" did not answer in time`), 'failure');
  }

  /** A stream of gRPC ends with a status; without one its caller may try again elsewhere. */
  endStream(): void {
    if (this.#isBegun) this.#finish(undefined, ['grpc-status', '14', 'grpc-message', 'the gateway goes away']);
  }

  cancel(): void {
    this.#leave('cancelled');
  }

  #attempt(before: unknown): void {
    const { engine, destination, isClosed, span: parent } = this.#exchange;
    if (isClosed || this.#isDone) return;
    const picked = this.#tried.length < mostAttempts ? this.#pick() : undefined;
    if (picked === undefined) {
      const none = `no instance of "${destination.service}" takes requests at the moment`;
      this.#refuse(before ?? gatewayErrors.NO_INSTANCE(none), 'cancelled');
      return;
    }
    const { instance } = picked;
    this.#picked = picked;
    this.#tried.push(instance.id);
    const span = engine.telemetry.startSpan(destination.service, {
      kind: 'client',
      parent: parent.context,
      attributes: { 'dure.instance': instance.id, 'dure.attempt': this.#tried.length },
    });
    this.#span = span;
    engine.http2.open(instance, (opened) => {
      if (this.#isDone || this.#picked !== picked) return;
      if (!('cause' in opened)) {
        this.#send(opened, requestText(this.#exchange, { instance, span, number: this.#tried.length, budgetLeft: 0 }));
        return;
      }
      const error = failureError('connect', destination.service);
      this.#exchange.note('attempt', `${this.#tried.length}: ${instance.id}, no connection`);
      this.#leaveInstance('failure', error);
      this.#attempt(error);
    });
  }

  /** An instance whose breaker lets the call through. */
  #pick(): Picked | undefined {
    const { engine, destination, want } = this.#exchange;
    for (;;) {
      const picked = engine.balancer.pick(destination.service, this.#tried, want);
      if (picked === undefined) return undefined;
      const { instance } = picked;
      const breaker = engine.policies.breakers?.of(instance, destination.operation);
      const permit = this.#tried.includes(instance.id) ? undefined : breaker === undefined ? 0 : breaker.acquire();
      if (permit !== undefined) {
        this.#breaker = breaker;
        this.#permit = permit;
        return picked;
      }
      picked.done('cancelled');
      if (this.#tried.includes(instance.id)) return undefined;
      this.#tried.push(instance.id);
    }
  }

  #send(session: ClientHttp2Session, head: string): void {
    const { body, answer, destination } = this.#exchange;
    const stream = session.request(headersOf(head), { endStream: false });
    this.#stream = stream;
    body.on('data', (piece: Buffer) => {
      if (!this.#isDone && !stream.write(piece)) body.pause();
    });
    body.on('end', () => stream.end());
    stream.on('drain', () => body.resume());
    stream.on('response', (headers, flags: number, raw?: readonly string[]) => {
      const isWhole = (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0;
      this.#begin(Number(headers[':status']), fieldsOf(raw ?? []), isWhole);
    });
    stream.on('data', (piece: Buffer) => {
      if (this.#isDone || answer.write(piece)) return;
      stream.pause();
      answer.whenDrained(() => stream.resume());
    });
    stream.on('trailers', (headers, _flags, raw?: readonly string[]) => {
      this.#grpcStatus = String(headers['grpc-status']);
      this.#trailers = fieldsOf(raw ?? []);
    });
    stream.on('end', () => this.#finish(undefined, this.#trailers));
    stream.on('error', () => this.#onReset(destination.service));
    stream.on('close', () => this.#onReset(destination.service));
  }

  #begin(status: number, fields: string[], isWhole: boolean): void {
    if (this.#isDone) return;
    this.#isBegun = true;
    if (this.#deadlineMs === undefined) this.#exchange.dueAt = Number.POSITIVE_INFINITY;
    if (isWhole) this.#grpcStatus = fields[fields.indexOf('grpc-status') + 1];
    fields.push('via', `1.1 ${this.#exchange.engine.via}`);
    this.#exchange.answer.begin(status, fields, isWhole ? 0 : undefined);
    this.#exchange.answer.flush();
  }

  #finish(piece: Buffer | undefined, trailers: readonly string[] | undefined): void {
    if (this.#isDone) return;
    this.#leave(isGrpcFailure(this.#grpcStatus) ? 'failure' : 'success');
    this.#exchange.answer.end(piece, passedTrailers(trailers));
  }

  #onReset(service: string): void {
    if (this.#isDone) return;
    if (!this.#isBegun) {
      this.#refuse(failureError('closed', service), 'failure');
      return;
    }
    this.#leave('failure');
    this.#exchange.answer.abort();
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

  #leaveInstance(outcome: Outcome, error?: unknown): void {
    this.#picked?.done(outcome, 'unmeasured');
    this.#picked = undefined;
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
function headersOf(text: string): OutgoingHttpHeaders {
  const [line = '', ...lines] = text.split('\r\n');
  const [method = '', path = ''] = line.split(' ');
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

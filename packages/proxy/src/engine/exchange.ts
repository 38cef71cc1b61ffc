import type { ServerResponse } from 'node:http';
import type { Instance, PickFor } from '@dure/balancer';
import type { Identity, Positions } from '@dure/core';
import { anonymous, isDureError, parsePositions } from '@dure/core';
import type { Span } from '@dure/telemetry';
import type { RequestHead } from '../http/request-head.ts';
import type { Target } from '../http/target.ts';
import type { Answer } from './answer.ts';
import type { Place } from './client-places.ts';
import type { Destination } from './destination.ts';
import type { ClientSide, ExchangeSource, RequestStream, Upgradable } from './exchange-source.ts';
import type { ExchangeView, Note } from './exchange-view.ts';
import { writeGrpcStatus } from './grpc-status.ts';
import { refusalText, writeProblem } from './problem.ts';
import type { ProxyEngine, Underway } from './proxy-engine.ts';
import type { RetryRule } from './retry-rule.ts';

const none: readonly string[] = [];
const nowhere: Positions = {};

/** What is being done for an exchange. */
export interface Work {
  /** `dueAt` of the exchange has passed. */
  expire(): void;
  /** Ends it if it is a stream of events, which would not end by itself. */
  endStream(): void;
  /** Nobody waits for it any more. Idempotent. */
  cancel(): void;
}

export interface ExchangeOptions {
  /** What the route is called. */
  readonly route: string;
  readonly destination: Destination;
  readonly span: Span;
  /** Whether it may be sent again although an instance may have carried it out. */
  readonly isRepeatable: boolean;
  /** What it takes of what its client may have. */
  readonly place?: Place;
  /** What the route's patterns bound; worked out when it is asked for. */
  readonly bound?: { readonly variables: Readonly<Record<string, string>> };
}

/** One request at a proxy, from its arrival to the end of its answer. Layers change what is forwarded and what comes back. */
export class Exchange implements Underway, ExchangeView {
  dueAt = Number.POSITIVE_INFINITY;
  slot = -1;
  readonly engine: ProxyEngine;
  body: RequestStream;
  readonly route: string;
  /** As it came. */
  readonly method: string;
  head: RequestHead;
  /** As it came, in its one spelling. */
  readonly target: Target;
  /** The client waits to be told to send the body. */
  expectsContinue: boolean;
  readonly span: Span;
  readonly startedMs: number;
  /** The client's address. */
  readonly address: string;
  readonly protocol: 'http' | 'https';
  /** Trusted proxies between the client and this one, in order. */
  readonly through: readonly string[];
  /** What is forwarded: the path, and the query with its question mark. */
  path: string;
  query: string;
  /** The header fields that are forwarded, each with its line end; see `field-lines.ts`. */
  fields: string;
  /** The Host field that is forwarded; undefined for the address of the instance. */
  sentHost: string | undefined;
  authorization: string | undefined;
  cookie: string | undefined;
  /** What of services' logs the client has seen, as it says. */
  positions: Positions;
  identity: Identity = anonymous;
  destination: Destination;
  isRepeatable: boolean;
  /** The longest body that is taken. */
  maxBodyBytes: number;
  /** Retries that the caller still allows, when it is one whose word counts. */
  callersBudget: number | undefined;
  /** Which instances are wanted: a version, the one of a session. */
  want: PickFor | undefined;
  /** The instance that was asked last. */
  instance: Instance | undefined;
  /** When the answer of an instance is reason enough to ask another one; without, only that none came. */
  retry: RetryRule | undefined;
  /** Hears the pieces of the request's body, good until it returns, as they are sent on for the first time. */
  onBody: ((piece: Buffer) => void) | undefined;
  /** What is sent in place of the request's body, which whoever made it has read; for calls of gRPC. */
  content: Buffer | undefined;
  /** Where the answer goes. */
  answer: Answer;
  /** What is being done at the moment. */
  work: Work | undefined;
  /** The proxy goes away: a stream that ends now has not come to its end. */
  isEndedEarly = false;
  readonly #client: ClientSide;
  readonly #bound: ExchangeOptions['bound'];
  readonly #place: Place | undefined;
  readonly #upgrade: Upgradable | undefined;
  #notes: Note[] | undefined;
  #closed = false;
  #refused = false;

  constructor(engine: ProxyEngine, source: ExchangeSource, options: ExchangeOptions) {
    const { head, target, client } = source;
    this.engine = engine;
    this.method = source.method;
    this.head = head;
    this.target = target;
    this.address = source.address;
    this.protocol = source.protocol ?? (engine.secure ? 'https' : 'http');
    this.through = source.through ?? none;
    this.expectsContinue = source.expectsContinue;
    this.body = source.body;
    this.route = options.route;
    this.span = options.span;
    this.startedMs = engine.clock.monotonicMs();
    this.path = target.path;
    this.query = target.query;
    this.fields = head.fields;
    this.authorization = head.authorization;
    this.cookie = head.cookie;
    this.positions = head.position === undefined ? nowhere : parsePositions(head.position);
    this.destination = options.destination;
    this.isRepeatable = options.isRepeatable;
    this.maxBodyBytes = engine.limits.maxBodyBytes;
    this.#client = client;
    this.#bound = options.bound;
    this.#place = options.place;
    this.#upgrade = source.upgrade;
    this.answer = client;
    client.attach(this);
    engine.underway.watch(this);
  }

  /** The client asks for WebSocket, and the destination speaks it. */
  get upgrade(): Upgradable | undefined {
    return this.destination.upgrade === undefined ? undefined : this.#upgrade;
  }

  get traceId(): string {
    return this.span.context.traceId;
  }

  get host(): string {
    return this.head.host;
  }

  /** What the patterns of path and host bound, percent-decoded. */
  get variables(): Readonly<Record<string, string>> {
    return this.#bound?.variables ?? nothingBound;
  }

  /** What was decided on the way, for `dure explain`; undefined when nothing was noted. */
  get notes(): readonly Note[] | undefined {
    return this.#notes;
  }

  /** Notes what was decided, for whoever asks afterwards. `what` names the stage: `cache`, `attempt`. */
  note(what: string, text: string): void {
    this.#notes ??= [];
    this.#notes.push({ what, text, atMs: this.engine.clock.monotonicMs() - this.startedMs });
  }

  /** The answer is complete, or its client has gone. */
  get isClosed(): boolean {
    return this.#closed;
  }

  /** The answer is a problem of the proxy's own, not what a service said. */
  get isRefused(): boolean {
    return this.#refused;
  }

  /** Lets a handler see to the answer; what it throws becomes a problem. */
  run(handler: (exchange: Exchange) => void | Promise<void>): void {
    try {
      handler(this)?.catch((error: unknown) => this.refuse(error));
    } catch (error) {
      this.refuse(error);
    }
  }

  /** Answers with a problem; an answer that has begun breaks off. */
  refuse(error: unknown): void {
    const { engine, span } = this;
    span.fail(error);
    if (!isDureError(error)) engine.telemetry.log.error(`the ${engine.name} failed`, { error, trace: span.context });
    if (this.#closed) return;
    this.note('refused', refusalText(error));
    if (this.#client.isBegun) {
      this.answer.abort();
      return;
    }
    this.#refused = true;
    this.#client.leaveRest(engine.limits.maxBodyBytes, engine.clock);
    const write = this.destination.protocol === 'grpc' ? writeGrpcStatus : writeProblem;
    const { status, fields, body } = write(error, span.context.traceId);
    this.answer.begin(status, fields, body.length);
    this.answer.end(body);
  }

  /** What is left of the request is not well-formed: what is done for it ends, and so does the connection. */
  breakOff(error: unknown): void {
    if (this.#client.isBegun || this.#closed) return;
    this.#client.leaveRest(-1, this.engine.clock);
    this.leaveWork();
    this.refuse(error);
  }

  /** Tells the client to send the body that it holds back. */
  sendContinue(): void {
    this.#client.sendContinue();
  }

  /** Passes on what a client may load while it waits (RFC 8297). */
  sendHints(links: readonly string[]): void {
    if (!this.#closed && !this.#client.isBegun) this.#client.sendHints?.(links);
  }

  /** From now on something has to move within the stall timeout. */
  expectProgress(): void {
    this.dueAt = this.engine.clock.monotonicMs() + this.engine.limits.stallTimeoutMs;
  }

  expire(): void {
    if (this.work === undefined) this.#client.abort();
    else this.work.expire();
  }

  endStream(): void {
    this.isEndedEarly = true;
    this.work?.endStream();
  }

  answers(response: ServerResponse): boolean {
    return this.#client.isFor(response);
  }

  /** The answer has ended with a status; 499 when the client has gone before. */
  close(status: number): void {
    if (this.#closed) return;
    this.#closed = true;
    this.engine.underway.forget(this);
    this.#place?.leave();
    this.leaveWork();
    this.span.set('http.response.status_code', status);
    this.span.end();
    this.engine.observe(this, status, this.engine.clock.monotonicMs() - this.startedMs);
  }

  /** Goes on without the body, which whoever had it before has read. */
  dropBody(): void {
    this.head = { ...this.head, contentLength: undefined, chunked: false };
  }

  /** What is being done ends; something else may be begun. */
  leaveWork(): void {
    const { work } = this;
    this.work = undefined;
    work?.cancel();
  }
}

const nothingBound: Readonly<Record<string, string>> = {};

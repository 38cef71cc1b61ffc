import type { Outcome, Picked } from '@dure/balancer';
import type { DureError } from '@dure/core';
import { formatFallbackKinds, formatPositions, headers, parseFallbacks, parsePositions } from '@dure/core';
import type { CircuitBreaker } from '@dure/resilience';
import type { Span } from '@dure/telemetry';
import { spanAttributes } from '@dure/telemetry';
import { gatewayErrors } from '../errors.ts';
import { passedTrailers } from '../http/trailer-fields.ts';
import type { ResponseHead } from '../upstream/response-head.ts';
import type { ExchangeListener, UpstreamConnection, UpstreamFailure } from '../upstream/upstream-connection.ts';
import { isStreamAnswer, linksOf, prefixPaths } from './answer-fields.ts';
import type { EdgeHandler } from './edge-layer.ts';
import type { Exchange, Work } from './exchange.ts';
import { failureError, failureText, nobodyAsked } from './failure-error.ts';
import { verdictOf } from './instance-breakers.ts';
import type { ProxyEngine } from './proxy-engine.ts';
import { RequestBody } from './request-body.ts';
import { requestText } from './request-text.ts';
import type { RetryReason } from './retry-rule.ts';
import { nextPauseMs } from './retry-rule.ts';
import { Tunnel } from './tunnel.ts';

const mostAttempts = 3;

type Phase = 'connecting' | 'sending' | 'waiting' | 'answering' | 'done';

/**
 * Forwards one request to an instance and its answer back, streaming both with back-pressure; nothing is held but what
 * a repetition may need. A request is repeated only while no byte of an answer has reached the client: on another
 * instance when no connection came about, and, if the operation may be repeated, when the instance hung up.
 */
class Forwarding implements ExchangeListener, Work {
  readonly #exchange: Exchange;
  readonly #engine: ProxyEngine;
  readonly #body: RequestBody | undefined;
  readonly #tried: string[] = [];
  /** Retries that the caller allows; as many as we make at most when it did not say. */
  readonly #callersBudget: number;
  #phase: Phase = 'connecting';
  #attempts = 0;
  #connection: UpstreamConnection | undefined;
  #picked: Picked | undefined;
  #breaker: CircuitBreaker | undefined;
  #permit = 0;
  /** The shortest time for which a breaker that kept an instance from being asked stays open; undefined when none did. */
  #openForMs: number | undefined;
  #span: Span | undefined;
  #status = 0;
  #isStream = false;
  #begun = false;
  /** The client takes no more of the answer for now. */
  #isHeld = false;

  constructor(exchange: Exchange) {
    const { engine, head, body, isRepeatable, callersBudget = mostAttempts } = exchange;
    this.#engine = engine;
    this.#exchange = exchange;
    this.#callersBudget = Math.min(callersBudget, mostAttempts);
    if (head.chunked || (head.contentLength ?? 0) > 0) {
      const maxBytes = exchange.maxBodyBytes;
      this.#body = new RequestBody(body, { maxBytes, chunked: head.chunked, isRepeatable }, this);
    }
  }

  start(): void {
    this.#exchange.work = this;
    this.#engine.policies.asked(this.#exchange.destination.service, this.#callersBudget / mostAttempts);
    this.#attempt(false);
  }

  endStream(): void {
    if (!this.#isStream || this.#phase !== 'answering') return;
    this.#leave('cancelled');
    this.#exchange.answer.end();
  }

  cancel(): void {
    if (this.#phase === 'done') return;
    this.#leave('cancelled');
    this.#body?.discard();
  }

  onOpen(connection: UpstreamConnection): void {
    this.#connection = connection;
    if (this.#body === undefined) {
      this.#await();
      return;
    }
    this.#phase = 'sending';
    this.#exchange.dueAt = Number.POSITIVE_INFINITY;
    if (this.#exchange.expectsContinue && this.#attempts === 1) this.#exchange.sendContinue();
    this.#body.sendTo(connection);
  }

  onDrain(): void {
    if (this.#phase === 'sending') this.#exchange.dueAt = Number.POSITIVE_INFINITY;
    this.#body?.resume();
  }

  /** The instance takes no more of the body for now. */
  onBodyHeld(): void {
    this.#exchange.expectProgress();
  }

  onBodySent(): void {
    if (this.#phase === 'sending') this.#await();
  }

  onBodyPiece(piece: Buffer): void {
    this.#exchange.onBody?.(piece);
  }

  onBodyTooLarge(): void {
    const { maxBodyBytes } = this.#exchange;
    this.#refuse(gatewayErrors.BODY_TOO_LARGE(`the body is larger than the ${maxBodyBytes} bytes that are taken`));
  }

  onInterim({ status, fields }: ResponseHead): void {
    if (status === 103 && this.#engine.earlyHints) this.#exchange.sendHints(linksOf(fields));
  }

  onHead(head: ResponseHead): void {
    if (this.#triesAgain(head.status)) return;
    const { destination, answer } = this.#exchange;
    if (head.status === 101) {
      this.#openTunnel(head);
      return;
    }
    const { stream } = destination;
    this.#phase = 'answering';
    this.#begun = true;
    this.#status = head.status;
    this.#isStream = stream === 'by-type' ? isStreamAnswer(head.fields) : stream;
    if (this.#isStream || head.bodyBytes === 0) this.#exchange.dueAt = Number.POSITIVE_INFINITY;
    else this.#exchange.expectProgress();
    answer.begin(head.status, this.#answerFields(head), head.bodyBytes < 0 ? undefined : head.bodyBytes);
    if (!this.#isStream) return;
    this.#report(head.status >= 500 ? 'failure' : 'success');
    answer.flush();
  }

  onBody(piece: Buffer, last: boolean, trailers?: readonly string[]): void {
    const { answer, head } = this.#exchange;
    if (last) {
      this.#connection = undefined;
      this.#leave(this.#status >= 500 ? 'failure' : 'success');
      answer.end(piece, head.takesTrailers === true ? passedTrailers(trailers) : undefined);
      this.#body?.discard();
      return;
    }
    const isTaken = answer.write(piece);
    if (!this.#isStream) this.#exchange.expectProgress();
    if (isTaken) return;
    const connection = this.#connection;
    connection?.pause();
    this.#isHeld = true;
    answer.whenDrained(() => {
      if (this.#connection !== connection) return;
      this.#isHeld = false;
      connection?.resume();
      if (!this.#isStream) this.#exchange.expectProgress();
    });
  }

  onFailure(failure: UpstreamFailure): void {
    const { kind, cause } = failure;
    const instance = this.#picked?.instance;
    const { destination, isRepeatable, span } = this.#exchange;
    const error = failureError(failure, destination.called);
    const told = instance === undefined ? error.message : failureText(failure, destination.service, instance);
    this.#span?.fail(error);
    if (kind === 'handshake') this.#exchange.note('tls', told);
    const unread = kind === 'connect' || kind === 'handshake';
    const harmless = unread || ((kind === 'stale' || kind === 'closed') && isRepeatable);
    // That a kept connection had gone by the time it was used is no failure of the instance, and no retry.
    const most = kind === 'stale' ? mostAttempts : Math.min(mostAttempts, 1 + this.#callersBudget);
    const again = harmless && this.#attempts < most && this.#body?.isLost !== true;
    if (instance !== undefined && kind !== 'stale') this.#tried.push(instance.id);
    this.#leaveUpstream(kind === 'stale' ? 'cancelled' : 'failure');
    if (kind !== 'stale' || !again) {
      this.#engine.telemetry.log.warn(`${destination.service}.${destination.operation}: ${told}`, {
        code: error.code,
        instance: instance?.id,
        attempt: this.#attempts,
        error: cause,
        trace: span.context,
      });
    }
    if (this.#begun) {
      this.#breakOff();
      return;
    }
    if (kind !== 'stale' && this.#triesAgain('connection')) return;
    if (again) this.#attempt(kind === 'stale', error, kind !== 'stale');
    else this.#refuse(error);
  }

  expire(): void {
    const phase = this.#phase;
    if (phase === 'connecting') {
      this.#connection?.destroy();
      this.onFailure({ kind: 'connect', cause: 'no connection in time' });
      return;
    }
    // That a client reads slowly is not held against the instance: else it could open the breaker for everybody.
    if (this.#isHeld) {
      this.#breakOff();
      return;
    }
    const { called, timeoutMs } = this.#exchange.destination;
    const error = gatewayErrors.UPSTREAM_TIMEOUT(`"${called}" did not answer within ${timeoutMs} ms`);
    this.#span?.fail(error);
    this.#leaveUpstream('failure');
    if (this.#begun) this.#breakOff();
    else if (!this.#triesAgain('timeout')) this.#refuse(error);
  }

  /** `before` is why the attempt before failed, `counts` whether the budget has to allow another. */
  #attempt(fresh: boolean, before?: DureError, counts = false): void {
    const { destination, upgrade } = this.#exchange;
    if (this.#exchange.isClosed) return;
    const { telemetry, pool, policies } = this.#engine;
    const picked = this.#pick();
    this.#picked = picked;
    if (picked === undefined || (counts && !policies.mayRetry(destination.service))) {
      this.#refuse(before ?? nobodyAsked(destination.called, this.#openForMs));
      return;
    }
    this.#exchange.instance = picked.instance;
    this.#attempts += 1;
    this.#phase = 'connecting';
    this.#exchange.dueAt =
      this.#engine.clock.monotonicMs() + (destination.connectTimeoutMs ?? this.#engine.limits.connectTimeoutMs);
    const span = telemetry.startSpan(destination.service, {
      kind: 'client',
      parent: this.#exchange.span.context,
      attributes: { 'dure.instance': picked.instance.id, 'dure.attempt': this.#attempts },
    });
    this.#span = span;
    const connection = pool.start(picked.instance, this, {
      method: this.#exchange.method,
      head: requestText(this.#exchange, this.#attemptText(picked, span)),
      hasBody: this.#body !== undefined,
      fresh: fresh || upgrade !== undefined,
      upgrades: upgrade !== undefined,
    });
    if (connection === undefined) this.#onFull(picked);
    else if (this.#phase === 'connecting') this.#connection = connection;
  }

  /** An instance that was not tried yet and whose breaker lets the attempt through. */
  #pick(): Picked | undefined {
    const { balancer, policies } = this.#engine;
    const { destination, want } = this.#exchange;
    const { service, operation } = destination;
    for (;;) {
      const picked = balancer.pick(service, this.#tried, want);
      if (picked === undefined) return undefined;
      const { instance } = picked;
      if (!this.#tried.includes(instance.id)) {
        this.#breaker = policies.breakers?.of(instance, operation);
        const permit = this.#breaker === undefined ? 0 : this.#breaker.acquire();
        if (permit !== undefined) {
          this.#permit = permit;
          return picked;
        }
        this.#openForMs = Math.min(this.#openForMs ?? Number.POSITIVE_INFINITY, this.#breaker?.openForMs ?? 0);
        this.#breaker = undefined;
        this.#exchange.note('breaker', `${instance.id} is not asked: the circuit breaker of ${operation} is open`);
        picked.done('cancelled');
        this.#tried.push(instance.id);
        continue;
      }
      picked.done('cancelled');
      return undefined;
    }
  }

  /** Whether the route's own rule has an answer, or that none came, tried again, and there is a way to. */
  #triesAgain(why: RetryReason): boolean {
    const { retry, destination, engine, startedMs } = this.#exchange;
    if (retry === undefined || this.#begun || this.#body?.isLost === true) return false;
    const elapsedMs = engine.clock.monotonicMs() - startedMs;
    const pauseMs = nextPauseMs(retry, why, { attempts: this.#attempts, elapsedMs, draw: engine.random.next() });
    if (pauseMs === undefined || !engine.policies.mayRetry(destination.service)) return false;
    this.#status = typeof why === 'number' ? why : 0;
    this.#leaveUpstream('failure');
    this.#status = 0;
    if (this.#tried.length >= engine.instances.instances(destination.service).length) this.#tried.length = 0;
    if (pauseMs === 0) this.#attempt(false);
    else engine.clock.after(pauseMs, () => this.#phase !== 'done' && this.#attempt(false));
    return true;
  }

  /** Once for each attempt: what it says about the instance and the operation. */
  #report(outcome: Outcome): void {
    const { operation } = this.#exchange.destination;
    this.#breaker?.report(this.#permit, verdictOf(outcome, this.#status, operation));
    this.#breaker = undefined;
  }

  #attemptText({ instance }: Picked, span: Span) {
    const number = this.#attempts;
    return { instance, span, number, budgetLeft: number === 1 ? Math.max(this.#callersBudget - 1, 0) : 0 };
  }

  #onFull({ instance }: Picked): void {
    this.#tried.push(instance.id);
    const error = gatewayErrors.OVERLOADED(
      `"${this.#exchange.destination.called}" has as many requests under way as it may have`,
    );
    this.#span?.fail(error);
    this.#leaveUpstream('cancelled');
    if (this.#attempts < mostAttempts) this.#attempt(false, error);
    else this.#refuse(error);
  }

  /** Both sides have agreed to go on with another protocol. */
  #openTunnel(head: ResponseHead): void {
    const { upgrade } = this.#exchange;
    const connection = this.#connection;
    if (upgrade === undefined || connection === undefined) return;
    this.#phase = 'answering';
    this.#begun = true;
    this.#status = head.status;
    this.#isStream = true;
    this.#report('success');
    const fields = ['connection', 'upgrade', 'upgrade', 'websocket', ...this.#answerFields(head)];
    const options = {
      exchange: this.#exchange,
      client: upgrade.switchProtocols(fields),
      early: upgrade.early,
      connection,
    };
    new Tunnel({ ...options, onGone: () => this.#leave('success') }).start();
  }

  #answerFields({ fields, fallback, position }: ResponseHead): string[] {
    const { destination, span } = this.#exchange;
    const { prefix } = destination;
    if (fallback !== undefined) {
      span.set(spanAttributes.fallback, fallback);
      const told = this.#engine.inward ? fallback : formatFallbackKinds(parseFallbacks(fallback));
      if (told !== undefined) fields.push(headers.fallback, told);
    }
    const written = position === undefined ? undefined : formatPositions(parsePositions(position));
    if (written !== undefined) fields.push(headers.position, written);
    if (prefix !== '') prefixPaths(fields, prefix);
    fields.push('via', `1.1 ${this.#engine.via}`, 'x-content-type-options', 'nosniff');
    return fields;
  }

  /** The request is complete; now the operation's time runs. */
  #await(): void {
    this.#phase = 'waiting';
    this.#exchange.dueAt = this.#engine.clock.monotonicMs() + this.#exchange.destination.timeoutMs;
  }

  /** Ends what concerns the instance of this attempt. */
  #leaveUpstream(outcome: Outcome): void {
    this.#connection?.destroy();
    this.#connection = undefined;
    if (this.#picked !== undefined) {
      const { id, metadata } = this.#picked.instance;
      const version = this.#exchange.want?.version === undefined ? '' : ` (version ${metadata.version ?? 'unknown'})`;
      const end = this.#status === 0 ? outcome : this.#status;
      this.#exchange.note('attempt', `${this.#attempts}: ${id}${version}, ${end}`);
      this.#picked.done(outcome, this.#isStream ? 'unmeasured' : undefined);
      this.#picked = undefined;
    }
    this.#report(outcome);
    if (this.#status !== 0) this.#span?.set('http.response.status_code', this.#status);
    this.#span?.end();
    this.#span = undefined;
    this.#body?.hold();
    this.#exchange.dueAt = Number.POSITIVE_INFINITY;
  }

  /** Has nothing more to do with the exchange. */
  #leave(outcome: Outcome): void {
    this.#phase = 'done';
    this.#leaveUpstream(outcome);
    this.#exchange.work = undefined;
  }

  #refuse(error: unknown): void {
    this.#leave('cancelled');
    this.#exchange.refuse(error);
    this.#body?.discard();
  }

  #breakOff(): void {
    this.#leave('cancelled');
    this.#exchange.answer.abort();
  }
}

/** Sends a request on and its answer back. */
export const forwarding: EdgeHandler = (exchange) => new Forwarding(exchange).start();

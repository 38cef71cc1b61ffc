import type { Outcome, Picked } from '@dure/balancer';
import type { DureError } from '@dure/core';
import type { CircuitBreaker } from '@dure/resilience';
import type { Span } from '@dure/telemetry';
import { gatewayErrors } from '../errors.ts';
import type { ResponseHead } from '../upstream/response-head.ts';
import type { ExchangeListener, UpstreamConnection, UpstreamFailure } from '../upstream/upstream-connection.ts';
import type { Admitted } from './admitted.ts';
import { isStreamAnswer, prefixPaths } from './answer-fields.ts';
import { failureError } from './failure-error.ts';
import { verdictOf } from './instance-breakers.ts';
import { sendProblem } from './problem.ts';
import type { ProxyEngine, Underway } from './proxy-engine.ts';
import { RequestBody } from './request-body.ts';
import { requestText } from './request-text.ts';

const mostAttempts = 3;
/** Up to this length a last piece is sent as text, which Node.js joins with the head: one system call, not a gathering one. */
const longestAsText = 16_384;
const longestRewritten = 65_536;

type Phase = 'connecting' | 'sending' | 'waiting' | 'answering' | 'flushing' | 'done';

/**
 * Forwards one request to an instance and its answer back, streaming both with back-pressure; nothing is held but what
 * a repetition may need. A request is repeated only while no byte of an answer has reached the client: on another
 * instance when no connection came about, and, if the operation may be repeated, when the instance hung up.
 */
export class Forwarding implements ExchangeListener, Underway {
  dueAt = Number.POSITIVE_INFINITY;
  slot = -1;
  readonly admitted: Admitted;
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
  #span: Span | undefined;
  #status = 0;
  #isStream = false;
  #head: ResponseHead | undefined;
  #collected: Buffer[] | undefined;

  constructor(engine: ProxyEngine, admitted: Admitted) {
    this.#engine = engine;
    this.admitted = admitted;
    const { head, request, isRepeatable, callersBudget = mostAttempts } = admitted;
    this.#callersBudget = Math.min(callersBudget, mostAttempts);
    if (head.chunked || (head.contentLength ?? 0) > 0) {
      const maxBytes = engine.limits.maxBodyBytes;
      this.#body = new RequestBody(request, { maxBytes, chunked: head.chunked, isRepeatable }, this);
    }
  }

  start(): void {
    const { response } = this.admitted;
    response.on('close', () => this.#onResponseClosed());
    this.#engine.underway.watch(this);
    this.#engine.policies.asked(this.admitted.destination.service, this.#callersBudget / mostAttempts);
    this.#attempt(false);
  }

  endStream(): void {
    if (!this.#isStream || this.#phase !== 'answering') return;
    this.#leaveUpstream('cancelled');
    this.#flush();
    this.admitted.response.end();
  }

  answers(response: unknown): boolean {
    return this.admitted.response === response;
  }

  refuse(error: unknown): void {
    const { response } = this.admitted;
    if (response.headersSent || this.#phase === 'done') return;
    response.shouldKeepAlive = false;
    this.#refuse(error);
  }

  onOpen(connection: UpstreamConnection): void {
    this.#connection = connection;
    if (this.#body === undefined) {
      this.#await();
      return;
    }
    this.#phase = 'sending';
    this.dueAt = Number.POSITIVE_INFINITY;
    if (this.admitted.expectsContinue && this.#attempts === 1) this.admitted.response.writeContinue();
    this.#body.sendTo(connection);
  }

  onDrain(): void {
    if (this.#phase === 'sending') this.dueAt = Number.POSITIVE_INFINITY;
    this.#body?.resume();
  }

  /** The instance takes no more of the body for now. */
  onBodyHeld(): void {
    this.dueAt = this.#engine.clock.monotonicMs() + this.#engine.limits.stallTimeoutMs;
  }

  onBodySent(): void {
    if (this.#phase === 'sending') this.#await();
  }

  onBodyTooLarge(): void {
    const { maxBodyBytes } = this.#engine.limits;
    this.#refuse(gatewayErrors.BODY_TOO_LARGE(`the body is larger than the ${maxBodyBytes} bytes that are taken`));
  }

  onHead(head: ResponseHead): void {
    this.#phase = 'answering';
    this.#status = head.status;
    this.dueAt = Number.POSITIVE_INFINITY;
    const { response, rewrite, destination } = this.admitted;
    const { stream } = destination;
    this.#isStream = stream === 'by-type' ? isStreamAnswer(head.fields) : stream;
    if (rewrite !== undefined) {
      this.#head = head;
      this.#collected = [];
      return;
    }
    response.writeHead(head.status, this.#answerFields(head));
    if (this.#isStream) {
      this.#report(head.status >= 500 ? 'failure' : 'success');
      response.flushHeaders();
    } else if (head.bodyBytes !== 0) this.#expectProgress();
  }

  onBody(piece: Buffer, last: boolean): void {
    const { response } = this.admitted;
    if (this.#collected !== undefined) {
      this.#collect(piece, last, this.#collected);
      return;
    }
    if (last) {
      this.#complete();
      if (piece.length === 0) response.end();
      else if (piece.length > longestAsText) response.end(Buffer.from(piece));
      else response.end(piece.toString('latin1'), 'latin1');
      return;
    }
    if (response.write(Buffer.from(piece))) {
      if (this.dueAt !== Number.POSITIVE_INFINITY) this.#expectProgress();
      return;
    }
    const connection = this.#connection;
    connection?.pause();
    this.#expectProgress();
    response.once('drain', () => {
      if (this.#connection !== connection) return;
      connection?.resume();
      if (this.#isStream) this.dueAt = Number.POSITIVE_INFINITY;
      else this.#expectProgress();
    });
  }

  onFailure({ kind, cause }: UpstreamFailure): void {
    const instance = this.#picked?.instance;
    const { destination, isRepeatable, response, span } = this.admitted;
    const error = failureError(kind, destination.service);
    this.#span?.fail(error);
    const harmless = kind === 'connect' || ((kind === 'stale' || kind === 'closed') && isRepeatable);
    // That a kept connection had gone by the time it was used is no failure of the instance, and no retry.
    const most = kind === 'stale' ? mostAttempts : Math.min(mostAttempts, 1 + this.#callersBudget);
    const again = harmless && this.#attempts < most && this.#body?.isLost !== true;
    if (instance !== undefined && kind !== 'stale') this.#tried.push(instance.id);
    this.#leaveUpstream(kind === 'stale' ? 'cancelled' : 'failure');
    if (kind !== 'stale' || !again) {
      this.#engine.telemetry.log.warn(`${destination.service}.${destination.operation}: ${error.message}`, {
        code: error.code,
        instance: instance?.id,
        attempt: this.#attempts,
        error: cause,
        trace: span.context,
      });
    }
    if (response.headersSent) {
      this.#giveUp();
      return;
    }
    if (again) this.#attempt(kind === 'stale', error, kind !== 'stale');
    else this.#refuse(error);
  }

  expire(): void {
    const phase = this.#phase;
    if (phase === 'flushing') {
      this.#giveUp();
      return;
    }
    if (phase === 'connecting') {
      this.#connection?.destroy();
      this.onFailure({ kind: 'connect', cause: 'no connection in time' });
      return;
    }
    const { service, timeoutMs } = this.admitted.destination;
    const error = gatewayErrors.UPSTREAM_TIMEOUT(`"${service}" did not answer within ${timeoutMs} ms`);
    this.#span?.fail(error);
    this.#leaveUpstream('failure');
    if (phase === 'answering' && this.admitted.response.headersSent) this.#giveUp();
    else this.#refuse(error);
  }

  /** `before` is why the attempt before failed, `counts` whether the budget has to allow another. */
  #attempt(fresh: boolean, before?: DureError, counts = false): void {
    const { destination, response } = this.admitted;
    if (response.destroyed) return;
    const { telemetry, pool, policies } = this.#engine;
    const picked = this.#pick();
    this.#picked = picked;
    if (picked === undefined || (counts && !policies.mayRetry(destination.service))) {
      const none = `no instance of "${destination.service}" takes requests at the moment`;
      this.#refuse(before ?? gatewayErrors.NO_INSTANCE(none));
      return;
    }
    this.#attempts += 1;
    this.#phase = 'connecting';
    this.dueAt = this.#engine.clock.monotonicMs() + this.#engine.limits.connectTimeoutMs;
    const span = telemetry.startSpan(destination.service, {
      kind: 'client',
      parent: this.admitted.span.context,
      attributes: { 'dure.instance': picked.instance.id, 'dure.attempt': this.#attempts },
    });
    this.#span = span;
    const { method } = this.admitted.request;
    const connection = pool.start(picked.instance, this, {
      method: method ?? 'GET',
      head: requestText(this.admitted, this.#attemptText(picked, span), this.#engine.secure),
      hasBody: this.#body !== undefined,
      fresh,
    });
    if (connection === undefined) this.#onFull(picked);
    else if (this.#phase === 'connecting') this.#connection = connection;
  }

  /** An instance that was not tried yet and whose breaker lets the attempt through. */
  #pick(): Picked | undefined {
    const { balancer, policies } = this.#engine;
    const { service, operation } = this.admitted.destination;
    for (;;) {
      const picked = balancer.pick(service, this.#tried);
      if (picked === undefined) return undefined;
      const { instance } = picked;
      if (!this.#tried.includes(instance.id)) {
        this.#breaker = policies.breakers?.of(instance, operation);
        const permit = this.#breaker === undefined ? 0 : this.#breaker.acquire();
        if (permit !== undefined) {
          this.#permit = permit;
          return picked;
        }
        this.#breaker = undefined;
        picked.done('cancelled');
        this.#tried.push(instance.id);
        continue;
      }
      picked.done('cancelled');
      return undefined;
    }
  }

  /** Once for each attempt: what it says about the instance and the operation. */
  #report(outcome: Outcome): void {
    const { operation } = this.admitted.destination;
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
      `"${this.admitted.destination.service}" has as many requests under way as it may have`,
    );
    this.#span?.fail(error);
    this.#leaveUpstream('cancelled');
    if (this.#attempts < mostAttempts) this.#attempt(false, error);
    else this.#refuse(error);
  }

  #answerFields(head: ResponseHead): string[] {
    const { fields } = head;
    const { prefix } = this.admitted.destination;
    if (prefix !== '') prefixPaths(fields, prefix);
    fields.push('via', '1.1 dure', 'x-content-type-options', 'nosniff');
    fields.push('dure-request-id', this.admitted.span.context.traceId);
    if (this.admitted.answerFields.length > 0) fields.push(...this.admitted.answerFields);
    return fields;
  }

  /** The request is complete; now the operation's time runs. */
  #await(): void {
    this.#phase = 'waiting';
    this.dueAt = this.#engine.clock.monotonicMs() + this.admitted.destination.timeoutMs;
  }

  #expectProgress(): void {
    this.dueAt = this.#engine.clock.monotonicMs() + this.#engine.limits.stallTimeoutMs;
  }

  #collect(piece: Buffer, last: boolean, collected: Buffer[]): void {
    collected.push(Buffer.from(piece));
    const whole = collected.reduce((sum, { length }) => sum + length, 0);
    if (whole > longestRewritten) {
      this.#connection?.destroy();
      this.onFailure({ kind: 'invalid', cause: 'the answer is too long to be rewritten' });
      return;
    }
    const { rewrite, response, answerFields } = this.admitted;
    const head = this.#head;
    if (!last || head === undefined || rewrite === undefined) return;
    this.#complete();
    const body = Buffer.concat(collected);
    try {
      const rewritten = rewrite(head.status, body);
      if (rewritten === undefined) response.writeHead(head.status, this.#answerFields(head)).end(body);
      else response.writeHead(head.status, [...rewritten.fields, ...answerFields]).end(rewritten.body);
    } catch (error) {
      this.#refuse(error);
    }
  }

  #complete(): void {
    this.#connection = undefined;
    this.#leaveUpstream(this.#status >= 500 ? 'failure' : 'success');
    this.#flush();
    this.#body?.discard();
  }

  /** The answer is complete; the client has to take it. */
  #flush(): void {
    if (this.#phase === 'done') return;
    this.#phase = 'flushing';
    this.#expectProgress();
  }

  /** Ends what concerns the instance of this attempt. */
  #leaveUpstream(outcome: Outcome): void {
    this.#connection?.destroy();
    this.#connection = undefined;
    this.#picked?.done(outcome, this.#isStream ? 'unmeasured' : undefined);
    this.#picked = undefined;
    this.#report(outcome);
    if (this.#status !== 0) this.#span?.set('http.response.status_code', this.#status);
    this.#span?.end();
    this.#span = undefined;
    this.#body?.hold();
    this.dueAt = Number.POSITIVE_INFINITY;
  }

  #refuse(error: unknown): void {
    this.#leaveUpstream('cancelled');
    const { response, span, answerFields } = this.admitted;
    span.fail(error);
    this.#status = sendProblem(response, error, span.context.traceId, answerFields);
    this.#flush();
    this.#body?.discard();
  }

  /** An answer that broke off must not look whole: the client's connection ends without its last chunk. */
  #giveUp(): void {
    this.admitted.response.destroy();
  }

  #onResponseClosed(): void {
    if (this.#phase === 'done') return;
    this.#phase = 'done';
    const { response, span, destination, startedMs } = this.admitted;
    const status = response.writableFinished ? response.statusCode : 499;
    this.#engine.underway.forget(this);
    this.#leaveUpstream('cancelled');
    span.set('http.response.status_code', status);
    span.end();
    this.#engine.meters.answered(destination, status, (this.#engine.clock.monotonicMs() - startedMs) / 1_000);
  }
}

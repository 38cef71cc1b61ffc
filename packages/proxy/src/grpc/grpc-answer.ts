import { check, isDureError } from '@dure/core';
import type { HttpOperation } from '@dure/service/contract';
import { PassingAnswer } from '../engine/answer.ts';
import { answerField } from '../engine/answer-fields.ts';
import type { Exchange } from '../engine/exchange.ts';
import { gatewayErrors } from '../errors.ts';
import { grpcErrors } from '../grpc-errors.ts';
import { FrameReader } from './frame-reader.ts';
import type { GrpcStatus } from './grpc-failure.ts';
import { codeOfHttpStatus, grpcFailure, grpcStatus } from './grpc-failure.ts';
import type { GrpcMethod } from './grpc-method.ts';
import { decodeMessage } from './message-json.ts';
import { answerFields } from './metadata.ts';

export interface GrpcAnswerOptions {
  readonly exchange: Exchange;
  readonly operation: HttpOperation;
  readonly method: GrpcMethod;
}

/**
 * An answer of gRPC on its way to a client that reads JSON. What the contract does not declare of a message goes to
 * nobody; a call that fails becomes a problem, or breaks off what has begun. Problems of the gateway's own pass.
 */
export abstract class GrpcAnswer extends PassingAnswer {
  protected readonly exchange: Exchange;
  protected readonly operation: HttpOperation;
  /** The client has the head of its answer. */
  protected isBegun = false;
  readonly #method: GrpcMethod;
  #frames: FrameReader | undefined;
  /** How the call has ended, when the head says so (Trailers-Only). */
  #ended: GrpcStatus | undefined;

  constructor({ exchange, operation, method }: GrpcAnswerOptions) {
    super(exchange.answer);
    this.exchange = exchange;
    this.operation = operation;
    this.#method = method;
  }

  /** The service takes the call; `fields` are for the client. */
  protected abstract onHead(fields: string[]): void;
  /** A message, as JSON; undefined when the operation declares no output. */
  protected abstract onMessage(value: unknown): void;
  /** All messages of a piece have been heard. False: no more before `whenDrained`. */
  protected abstract onPiece(): boolean;
  /** The call has succeeded. */
  protected abstract onSuccess(): void;

  override begin(status: number, fields: string[], bodyBytes: number | undefined): void {
    if (this.exchange.isRefused) {
      this.next.begin(status, fields, bodyBytes);
      return;
    }
    this.#ended = grpcStatus(fields);
    const why = this.#ended === undefined ? this.#misfit(status, fields) : undefined;
    if (why !== undefined) {
      this.#fail(why);
      return;
    }
    const encoding = answerField(fields, 'grpc-encoding');
    this.#frames = new FrameReader({ encoding, onMessage: (message) => this.onMessage(this.#jsonOf(message)) });
    if (this.#ended === undefined || this.#ended.code === 0) this.onHead(answerFields(fields));
  }

  override flush(): void {
    // What can be sent is sent when it is there.
  }

  override write(piece: Buffer): boolean {
    if (this.exchange.isRefused) return this.next.write(piece);
    try {
      this.#frames?.push(piece);
      return this.onPiece();
    } catch (error) {
      this.#fail(error);
      return true;
    }
  }

  override end(piece?: Buffer, trailers: readonly string[] = []): void {
    if (this.exchange.isRefused) {
      this.next.end(piece);
      return;
    }
    const status = this.#ended ?? grpcStatus(trailers);
    try {
      if (status === undefined) throw grpcErrors.ANSWER_INVALID(`${this.#name} ended without a status of gRPC`);
      if (status.code !== 0) throw this.#failure(status);
      this.#frames?.end();
      this.onSuccess();
    } catch (error) {
      this.#fail(error);
    }
  }

  override abort(): void {
    if (this.isBegun || this.exchange.isRefused) this.next.abort();
    else this.#fail(gatewayErrors.UPSTREAM_CLOSED(`the answer of "${this.operation.service}" broke off`));
  }

  get #name(): string {
    return `${this.operation.service}.${this.operation.name}`;
  }

  /** Why the head cannot be that of an answer of gRPC. */
  #misfit(status: number, fields: readonly string[]): unknown {
    if (status !== 200) return this.#failure({ code: codeOfHttpStatus(status), message: '' });
    const type = answerField(fields, 'content-type');
    if (type?.startsWith('application/grpc') === true) return undefined;
    return grpcErrors.ANSWER_INVALID(`${this.#name} answered with another media type than application/grpc`);
  }

  #failure(status: GrpcStatus): unknown {
    const error = grpcFailure(this.operation.service, status);
    if (error.message !== status.message && status.message !== '')
      this.#log(`${this.#name} failed with status ${status.code} of gRPC: ${status.message}`);
    return error;
  }

  #jsonOf(message: Buffer): unknown {
    const { output } = this.operation.spec;
    if (output === undefined) return undefined;
    let value: unknown;
    try {
      value = decodeMessage(this.#method.output, message);
    } catch (cause) {
      throw grpcErrors.ANSWER_INVALID(`${this.#name} answered with what is no "${this.#method.output.name}"`, {
        cause,
      });
    }
    const checked = check(output, value, 'answer');
    if (checked.ok) return checked.value;
    const places = checked.errors.slice(0, 10).map(({ path, code }) => `${path} (${code})`);
    this.#log(`${this.#name} answers what its contract does not say: ${places.join(', ')}`);
    throw grpcErrors.ANSWER_INVALID(`${this.#name} answered what its contract does not say`);
  }

  #fail(error: unknown): void {
    const { exchange } = this;
    exchange.leaveWork();
    if (isDureError(error) && (error.kind === 'upstream' || this.isBegun)) this.#log(error.message, error);
    if (!this.isBegun) {
      exchange.refuse(error);
      return;
    }
    exchange.span.fail(error);
    this.abort();
  }

  #log(message: string, error?: unknown): void {
    const { engine, span } = this.exchange;
    engine.telemetry.log.warn(message, { ...(error === undefined ? {} : { error }), trace: span.context });
  }
}

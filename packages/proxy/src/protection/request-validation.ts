import type { FieldError } from '@dure/core';
import { isDureError } from '@dure/core';
import type { HttpOperation } from '@dure/service/contract';
import type { ArrivedInput } from '@dure/service/server';
import { inputJudge } from '@dure/service/server';
import type { Telemetry } from '@dure/telemetry';
import type { Answer } from '../engine/answer.ts';
import { PassingAnswer } from '../engine/answer.ts';
import { collectBody } from '../engine/collected-body.ts';
import type { EdgeLayer } from '../engine/edge-layer.ts';
import type { Exchange } from '../engine/exchange.ts';
import { fieldValues } from '../http/field-lines.ts';

/** Whether requests are held against the contract before the service is asked; `shadow` forwards them all, and tells. */
export type RequestValidation = boolean | 'shadow';

export interface RequestValidationOptions {
  readonly mode: true | 'shadow';
  readonly telemetry: Telemetry;
}

/** A longer body is for the service to judge, in bytes. It is what services take unless they are told otherwise. */
const longestBody = 2 ** 20;
/** A client that errs does so with every request: one line a minute is enough. */
const tellEveryMs = 60_000;

/**
 * Refuses requests that do not fit their operation's contract, with the very problem with which the service would
 * (SERVICE_INPUT_INVALID, SERVICE_BODY_MALFORMED, SERVICE_IDEMPOTENCY_KEY_MISSING), and so keeps them from it. A body is
 * collected only when it is JSON and no longer than a service takes; a request with any other body is not judged and
 * streams on. Counted in `dure_gateway_contract_requests`. Stands behind what changes the path and decides who may ask:
 * strangers learn nothing about shapes.
 */
export function requestValidation(operation: HttpOperation, options: RequestValidationOptions): EdgeLayer {
  const judge = inputJudge(operation);
  if (judge === undefined) return (next) => next;
  const { mode, telemetry } = options;
  const id = `${operation.service}.${operation.name}`;
  const counted = telemetry.metrics.counter('dure_gateway_contract_requests', 'Requests held against their contract');
  const count = (result: 'kept' | 'broken' | 'unread') => counted.add(1, { operation: id, result });
  const judged = (exchange: Exchange, json: Buffer | undefined) => {
    try {
      judge(inputOf(exchange, json));
      count('kept');
    } catch (error) {
      if (!isDureError(error) || error.kind !== 'invalid') throw error;
      count('broken');
      exchange.note('contract', `the request breaks it: ${placesOf(error)}`);
      throw error;
    }
  };
  if (mode === 'shadow') return shadowed(id, judged, count, telemetry);
  return (next) => (exchange) => {
    if (!hasBody(exchange)) {
      judged(exchange, undefined);
      return next(exchange);
    }
    if (!isReadable(exchange)) {
      count('unread');
      return next(exchange);
    }
    return collectBody(exchange, longestBody).then((json) => {
      if (json === undefined) count('unread');
      else judged(exchange, json);
      return next(exchange);
    });
  };
}

/** Forwards everything, and judges what was forwarded when its answer is complete: nobody waits, and it is known what the service made of it. */
function shadowed(
  id: string,
  judged: (exchange: Exchange, json: Buffer | undefined) => void,
  count: (result: 'unread') => void,
  { log }: Telemetry,
): EdgeLayer {
  let quietUntilMs = Number.NEGATIVE_INFINITY;
  return (next) => (exchange) => {
    const { clock } = exchange.engine;
    const bodyOf = hasBody(exchange) ? keepBody(exchange) : () => undefined;
    exchange.answer = new WatchedAnswer(exchange.answer, (status) => {
      const json = bodyOf();
      if (json === 'unread') {
        count('unread');
        return;
      }
      try {
        judged(exchange, json);
      } catch (error) {
        if (clock.monotonicMs() < quietUntilMs) return;
        quietUntilMs = clock.monotonicMs() + tellEveryMs;
        log.warn(`a request for ${id} breaks its contract, and was answered with ${status}: ${placesOf(error)}`);
      }
    });
    return next(exchange);
  };
}

/** Keeps a copy of a body as it is sent on; what it gives is `unread` unless all of it is there and can be judged. */
function keepBody(exchange: Exchange): () => Buffer | 'unread' {
  if (!isReadable(exchange)) return () => 'unread';
  const pieces: Buffer[] = [];
  const others = exchange.onBody;
  let bytes = 0;
  exchange.onBody = (piece) => {
    others?.(piece);
    bytes += piece.length;
    if (bytes <= longestBody) pieces.push(Buffer.from(piece));
  };
  return () => (exchange.body.readableEnded && bytes <= longestBody ? Buffer.concat(pieces) : 'unread');
}

function hasBody({ method, head: { chunked, contentLength }, fields }: Exchange): boolean {
  if (method === 'GET' || method === 'HEAD') return false;
  // A type without a body is one of nothing, which services refuse.
  return chunked || (contentLength ?? 0) > 0 || fieldValues(fields, 'content-type').length > 0;
}

const json = /^application\/json\s*(?:;\s*charset="?utf-8"?\s*)?$/i;

function isReadable({ head: { contentLength = 0 }, fields }: Exchange): boolean {
  const [type = '', ...others] = fieldValues(fields, 'content-type');
  return others.length === 0 && json.test(type) && contentLength <= longestBody;
}

function inputOf({ path, query, head }: Exchange, body: Buffer | undefined): ArrivedInput {
  return { path, query, idempotencyKey: head.idempotencyKey, json: body };
}

/** Where and by which rule; never the values, which may be secrets. */
function placesOf(error: unknown): string {
  if (!isDureError(error)) return 'it cannot be judged';
  const { errors } = error.details;
  if (!Array.isArray(errors)) return error.code;
  return (errors as FieldError[])
    .slice(0, 10)
    .map(({ path, code }) => `${path} (${code})`)
    .join(', ');
}

/** Tells the status of an answer when it has ended. */
class WatchedAnswer extends PassingAnswer {
  readonly #ended: (status: number) => void;
  #status = 0;

  constructor(next: Answer, ended: (status: number) => void) {
    super(next);
    this.#ended = ended;
  }

  override begin(status: number, fields: string[], bodyBytes: number | undefined): void {
    this.#status = status;
    this.next.begin(status, fields, bodyBytes);
  }

  override end(piece?: Buffer, trailers?: readonly string[]): void {
    this.next.end(piece, trailers);
    this.#ended(this.#status);
  }
}

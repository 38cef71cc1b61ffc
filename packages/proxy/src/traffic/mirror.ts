import type { CollectedAnswer } from '../engine/collected-answer.ts';
import { CollectingAnswer } from '../engine/collected-answer.ts';
import { detached } from '../engine/detached.ts';
import type { EdgeLayer } from '../engine/edge-layer.ts';
import type { Exchange } from '../engine/exchange.ts';
import { forwarding } from '../engine/forwarding.ts';
import { TeeAnswer } from '../engine/tee-answer.ts';
import { gatewayErrors } from '../errors.ts';
import type { ComparisonOptions } from './answer-difference.ts';
import { answerDifference } from './answer-difference.ts';

/** What a mirrored request showed. */
export type MirrorEvent =
  | { readonly kind: 'same'; readonly route: string }
  | { readonly kind: 'different'; readonly route: string; readonly id: string; readonly differences: readonly string[] }
  /** There was nothing to compare: the copy was not sent, or one of the answers broke off or has no end. */
  | {
      readonly kind: 'skipped';
      readonly route: string;
      readonly reason: 'busy' | 'body' | 'stream' | 'broken' | 'grpc';
    };

export interface MirrorOptions {
  /** The service that gets the copies. Default: the route's own, then `version` says which of its instances. */
  readonly service?: string;
  /** Only instances of this version. */
  readonly version?: string;
  /** How much of the requests is copied, 0 to 1. Default 1. */
  readonly share?: number;
  /** Which methods are copied. Default GET and HEAD: a copy of anything else takes effect twice. */
  readonly methods?: readonly string[];
  /** How the answers are compared. */
  readonly compare?: ComparisonOptions;
  /** Copies under way at once; more are not sent. Default 32. */
  readonly mostUnderway?: number;
  readonly observe: (event: MirrorEvent) => void;
}

/** A longer body, of the request or of an answer, is not mirrored, in bytes. */
const longestBody = 65_536;

/**
 * Sends copies of requests to another service or version and compares the answers by what they mean. A copy is sent when the
 * client has its answer, so that it costs the client nothing; what it answers is thrown away.
 */
export function mirror(options: MirrorOptions): EdgeLayer {
  const { service, version, share = 1, methods = ['GET', 'HEAD'], compare = {}, mostUnderway = 32, observe } = options;
  if (service === undefined && version === undefined)
    throw gatewayErrors.ROUTE_INVALID('mirror: neither `service` nor `version` says where the copies go');
  let underway = 0;
  const send = (exchange: Exchange, body: Buffer | undefined, answered: CollectedAnswer) => {
    const { route, destination, span } = exchange;
    if (underway >= mostUnderway) {
      observe({ kind: 'skipped', route, reason: 'busy' });
      return;
    }
    underway += 1;
    const copied = (copy: CollectedAnswer | undefined) => {
      underway -= 1;
      if (copy === undefined) {
        observe({ kind: 'skipped', route, reason: 'broken' });
        return;
      }
      const differences = answerDifference(answered, copy, compare);
      if (differences.length === 0) observe({ kind: 'same', route });
      else observe({ kind: 'different', route, id: span.context.traceId, differences });
    };
    const made = detached(exchange, {
      route: `mirror of ${route}`,
      destination: mirrored(destination, service ?? destination.service),
      isRepeatable: false,
      ...(body === undefined ? {} : { body }),
      answer: new CollectingAnswer(longestBody, copied),
    });
    made.want = version === undefined ? undefined : { version };
    made.run(forwarding);
  };
  const known = new WeakMap<Exchange['destination'], Exchange['destination']>();
  const mirrored = (destination: Exchange['destination'], to: string): Exchange['destination'] => {
    const made = known.get(destination) ?? {
      ...destination,
      service: to,
      stream: false, // one that goes on for ever would be a copy under way for ever
      operation: `mirror:${destination.operation}`,
    };
    known.set(destination, made);
    return made;
  };
  return (next) => (exchange) => {
    const isCopied = methods.includes(exchange.method) && (share >= 1 || exchange.engine.random.next() < share);
    if (isCopied && exchange.destination.stream !== true) {
      const body = bodyOf(exchange);
      exchange.answer = new TeeAnswer(exchange.answer, longestBody, (answered) => {
        const { route } = exchange;
        if (answered === 'stream') observe({ kind: 'skipped', route, reason: 'stream' });
        else if (answered === undefined) observe({ kind: 'skipped', route, reason: 'broken' });
        else if (exchange.content !== undefined) observe({ kind: 'skipped', route, reason: 'grpc' });
        else if (body.isTooLong) observe({ kind: 'skipped', route, reason: 'body' });
        else send(exchange, body.bytes === 0 ? undefined : Buffer.concat(body.pieces), answered);
      });
    }
    return next(exchange);
  };
}

/** Keeps the body of a request while it is small. */
function bodyOf(exchange: Exchange) {
  const body = { pieces: [] as Buffer[], bytes: 0, isTooLong: false };
  exchange.onBody = (piece) => {
    body.bytes += piece.length;
    body.isTooLong ||= body.bytes > longestBody;
    if (body.isTooLong) body.pieces = [];
    else body.pieces.push(Buffer.from(piece));
  };
  return body;
}

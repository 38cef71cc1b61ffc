import { hashOf } from '@dure/balancer';
import { WithFields } from '../engine/answer.ts';
import type { EdgeLayer } from '../engine/edge-layer.ts';
import type { Exchange } from '../engine/exchange.ts';
import { gatewayErrors } from '../errors.ts';
import { cookieValue } from '../http/cookies.ts';
import { fieldValue } from '../http/field-lines.ts';

/** What marks a request: there, and of that value if one is stated. */
export interface Mark {
  readonly name: string;
  readonly value?: string;
}

export interface CanaryOptions {
  /** The `version` in the metadata of the instances that are tried out. */
  readonly canary: string;
  /** The version of all others. */
  readonly stable: string;
  /** Requests with this field go to the canary. */
  readonly header?: Mark;
  /** Requests with this cookie go to the canary. */
  readonly cookie?: Mark;
  /** How much of all others goes to the canary, 0 to 1. Whoever is in stays in while the share grows. Default 0. */
  readonly share?: number;
  /** The cookie by which a browser without a user stays where it is. Default `dure_bucket`. */
  readonly bucketCookie?: string;
}

const buckets = 10_000;

/**
 * Sends marked requests, and a share of the others, to instances of another version. The same user, and the same browser,
 * meets the same version; without an instance of that version any other answers. GATEWAY_ROUTE_INVALID for a share that
 * is none.
 *
 * @example
 * canary({ stable: '1', canary: '2', cookie: { name: 'beta' }, share: 0.05 });
 */
export function canary(options: CanaryOptions): EdgeLayer {
  const { canary: tried, stable, header, cookie, share = 0, bucketCookie = 'dure_bucket' } = options;
  if (!(share >= 0 && share <= 1))
    throw gatewayErrors.ROUTE_INVALID(`canary: \`share\` is ${share}; expected a number from 0 to 1`);
  const isMarked = (exchange: Exchange) =>
    (header !== undefined && isMark(header, fieldValue(exchange.fields, header.name))) ||
    (cookie !== undefined && isMark(cookie, cookieValue(exchange.cookie, cookie.name)));
  return (next) => (exchange) => {
    const isChosen = isMarked(exchange) || (share > 0 && bucketOf(exchange, bucketCookie) < share * buckets);
    const version = isChosen ? tried : stable;
    exchange.want = { ...exchange.want, version };
    exchange.note('canary', `version ${version}`);
    return next(exchange);
  };
}

function isMark({ value }: Mark, found: string | undefined): boolean {
  return found !== undefined && (value === undefined || found === value);
}

/** 0 to 9 999; a browser without a user keeps its own in a cookie. */
function bucketOf(exchange: Exchange, name: string): number {
  const { identity, engine } = exchange;
  if (identity.kind !== 'anonymous') return hashOf(identity.subject) % buckets;
  const kept = cookieValue(exchange.cookie, name);
  if (kept !== undefined && /^\d{1,4}$/.test(kept)) return Number(kept);
  const bucket = Math.floor(engine.random.next() * buckets);
  const setCookie = `${name}=${bucket}; Path=/; Max-Age=2592000; HttpOnly; SameSite=Lax${engine.secure ? '; Secure' : ''}`;
  exchange.answer = new WithFields(exchange.answer, ['set-cookie', setCookie]);
  return bucket;
}

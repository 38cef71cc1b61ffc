import type { Positions } from '@dure/core';
import { formatPositions, headers, highestPositions, parsePositions } from '@dure/core';
import { PassingAnswer } from '../engine/answer.ts';
import { answerField } from '../engine/answer-fields.ts';
import type { EdgeLayer } from '../engine/edge-layer.ts';
import type { Exchange } from '../engine/exchange.ts';
import { bareValue } from '../http/field-kinds.ts';
import { readCookie } from './session.ts';

const cookieName = 'dure_position';
/** Long enough for a read model to catch up; until then stored answers do not serve this session either. */
const maxAgeSeconds = 60;

/**
 * What a browser has written it reads: the positions that answers tell are kept in a cookie beside the session's, the highest
 * of each service, and go with every request. Clients without the session cookie take `Dure-Position` from an answer and send
 * it back themselves. A client that makes one up delays its own reads by what a read model waits, and no more.
 */
export function sessionPositions(secure: boolean): EdgeLayer {
  return (next) => (exchange) => {
    const { positions, others } = positionsIn(exchange.cookie);
    exchange.cookie = others;
    exchange.positions = highestPositions(exchange.positions, positions);
    const { token } = readCookie(exchange.head.cookie);
    if (token !== undefined) exchange.answer = new PositionAnswer(exchange, secure);
    return next(exchange);
  };
}

class PositionAnswer extends PassingAnswer {
  readonly #exchange: Exchange;
  readonly #secure: boolean;

  constructor(exchange: Exchange, secure: boolean) {
    super(exchange.answer);
    this.#exchange = exchange;
    this.#secure = secure;
  }

  override begin(status: number, fields: string[], bodyBytes: number | undefined): void {
    const told = answerField(fields, headers.position);
    if (told !== undefined) fields.push('set-cookie', this.#cookie(parsePositions(told)));
    this.next.begin(status, fields, bodyBytes);
  }

  #cookie(written: Positions): string {
    const kept = formatPositions(highestPositions(this.#exchange.positions, written)) ?? '';
    const value = kept.replaceAll(', ', '/');
    const secure = this.#secure ? '; Secure' : '';
    return `${cookieName}=${value}; Path=/; Max-Age=${maxAgeSeconds}; HttpOnly; SameSite=Strict${secure}`;
  }
}

/** Takes the positions out of a `Cookie` field, so that they reach no service as a cookie. */
function positionsIn(cookie: string | undefined): {
  readonly positions: Positions;
  readonly others: string | undefined;
} {
  if (cookie === undefined || !cookie.includes(cookieName)) return { positions: {}, others: cookie };
  let kept = '';
  const others = cookie.split(';').filter((pair) => {
    const at = pair.indexOf('=');
    if (pair.slice(0, Math.max(at, 0)).trim() !== cookieName) return true;
    kept ||= pair.slice(at + 1).trim();
    return false;
  });
  const left = bareValue(others.join(';'));
  return { positions: parsePositions(kept.replaceAll('/', ',')), others: left === '' ? undefined : left };
}

import { createHash } from 'node:crypto';
import type { Instance } from '@dure/balancer';
import { PassingAnswer } from '../engine/answer.ts';
import type { EdgeLayer } from '../engine/edge-layer.ts';
import type { Exchange } from '../engine/exchange.ts';
import { cookieValue } from '../http/cookies.ts';

export interface StickySessionOptions {
  /** The cookie that holds a hash of the instance's id. Default `dure_instance`. */
  readonly cookie?: string;
}

const hashes = new WeakMap<Instance, string>();

/**
 * Keeps a browser at the instance that answered it first, for services that hold state of a session in memory. An instance
 * that leaves, drains or fails is left: another one answers and becomes the session's.
 */
export function stickySessions({ cookie = 'dure_instance' }: StickySessionOptions = {}): EdgeLayer {
  return (next) => (exchange) => {
    const kept = cookieValue(exchange.cookie, cookie);
    if (kept !== undefined) {
      const { engine, destination } = exchange;
      const found = engine.instances
        .instances(destination.service)
        .find((instance) => hashOfInstance(instance) === kept);
      if (found === undefined) exchange.note('sticky', 'the instance of this session is no longer there');
      else exchange.want = { ...exchange.want, instance: found.id };
    }
    exchange.answer = new StickyAnswer(exchange, cookie, kept);
    return next(exchange);
  };
}

class StickyAnswer extends PassingAnswer {
  readonly #exchange: Exchange;
  readonly #cookie: string;
  readonly #kept: string | undefined;

  constructor(exchange: Exchange, cookie: string, kept: string | undefined) {
    super(exchange.answer);
    this.#exchange = exchange;
    this.#cookie = cookie;
    this.#kept = kept;
  }

  override begin(status: number, fields: string[], bodyBytes: number | undefined): void {
    const { instance, engine } = this.#exchange;
    const hash = instance === undefined ? undefined : hashOfInstance(instance);
    if (hash !== undefined && hash !== this.#kept && status < 500) {
      const secure = engine.secure ? '; Secure' : '';
      fields.push('set-cookie', `${this.#cookie}=${hash}; Path=/; HttpOnly; SameSite=Lax${secure}`);
    }
    this.next.begin(status, fields, bodyBytes);
  }
}

/** Tells nothing of the inside, and fits into a cookie. */
function hashOfInstance(instance: Instance): string {
  const known = hashes.get(instance);
  if (known !== undefined) return known;
  const hash = createHash('sha256').update(instance.id).digest('base64url').slice(0, 16);
  hashes.set(instance, hash);
  return hash;
}

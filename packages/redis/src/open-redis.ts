import { hash } from 'node:crypto';
import type { Clock, Health, Random } from '@dure/core';
import { codeOf, messageOf } from '@dure/core';
import type { BreakerEvent, BreakerLimits, CircuitBreaker } from '@dure/resilience';
import { circuitBreaker } from '@dure/resilience';
import { redisErrors } from './errors.ts';
import type { WireClient } from './wire-client.ts';
import { connectWire } from './wire-client.ts';

export interface RedisOptions {
  /** `redis://user:password@host:6379/0`; `rediss://…` for TLS. */
  readonly url: string;
  readonly clock: Clock;
  readonly random: Random;
  /** The longest that a command may take, in milliseconds. Default 50. */
  readonly timeoutMs?: number;
  /** When it is asked no more for a while. Default: half of at least 5 of the last 20 commands failed; for 1 to 30 s. */
  readonly breaker?: BreakerLimits;
  readonly observe?: (event: RedisEvent) => void;
}

/** The connection came about or was lost, or the breaker changed. */
export type RedisEvent =
  | { readonly kind: 'connected' }
  | { readonly kind: 'disconnected'; readonly error: unknown }
  | BreakerEvent;

/** A server, one connection to it, and a breaker before it. */
export interface Redis extends AsyncDisposable {
  /**
   * Runs a Lua script, sent in full only once. Rejects with REDIS_UNAVAILABLE after `timeoutMs` at the latest, at once while
   * there is no connection or the breaker is open, and with REDIS_REFUSED when the server answers with an error.
   */
  run(script: RedisScript, keys: readonly string[], values: readonly string[]): Promise<unknown>;
  /** DOWN never: whoever uses it has to do without it while it is away. */
  health(): Health;
  /** Idempotent. */
  close(): Promise<void>;
}

/** A Lua script and its name to the server. */
export interface RedisScript {
  readonly text: string;
  readonly sha1: string;
}

/** Makes a script ready. */
export function redisScript(text: string): RedisScript {
  return { text, sha1: hash('sha1', text) };
}

const breakerDefaults: BreakerLimits = { window: 20, minimumCalls: 5, openMs: 1_000, longestOpenMs: 30_000 };

/**
 * Connects to Redis 6.2 or later, or Valkey, and stays connected. Resolves at once, whether or not there is a server: what
 * needs one is told so. A server that hangs costs a few callers `timeoutMs` each, then nobody anything until it is back.
 * REDIS_ADDRESS_INVALID for what is no address. The client is loaded when this is called.
 *
 * @example
 * await using redis = await openRedis({ url: 'redis://127.0.0.1:6379', clock, random });
 * const store = redisRateLimits({ redis });
 */
export async function openRedis(options: RedisOptions): Promise<Redis> {
  const { url, clock, random, timeoutMs = 50, breaker: limits = {}, observe } = options;
  demandAddress(url);
  const events = observe === undefined ? {} : { observe };
  const breaker = circuitBreaker({ clock, name: 'redis', ...breakerDefaults, ...limits, ...events });
  const client = await connectWire({
    url,
    random,
    onConnected: () => observe?.({ kind: 'connected' }),
    onDisconnected: (error) => observe?.({ kind: 'disconnected', error }),
  });
  return new GuardedRedis(client, breaker, clock, timeoutMs);
}

class GuardedRedis implements Redis {
  readonly #client: WireClient;
  readonly #breaker: CircuitBreaker;
  readonly #clock: Clock;
  readonly #timeoutMs: number;

  constructor(client: WireClient, breaker: CircuitBreaker, clock: Clock, timeoutMs: number) {
    this.#client = client;
    this.#breaker = breaker;
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
  }

  async run(script: RedisScript, keys: readonly string[], values: readonly string[]): Promise<unknown> {
    const permit = this.#breaker.acquire();
    if (permit === undefined) throw redisErrors.UNAVAILABLE('Redis is not asked: it has failed too often lately');
    try {
      const answer = await this.#inTime(this.#send(script, keys, values));
      this.#breaker.report(permit, 'success');
      return answer;
    } catch (cause) {
      this.#breaker.report(permit, 'failure');
      throw this.#errorOf(cause);
    }
  }

  health(): Health {
    const isUp = this.#client.isReady && this.#breaker.state === 'closed';
    return {
      status: isUp ? 'UP' : 'UNKNOWN',
      details: { connected: this.#client.isReady, breaker: this.#breaker.state },
    };
  }

  async close(): Promise<void> {
    this.#client.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #send({ text, sha1 }: RedisScript, keys: readonly string[], values: readonly string[]): Promise<unknown> {
    const rest = [String(keys.length), ...keys, ...values];
    try {
      return await this.#client.send(['EVALSHA', sha1, ...rest]);
    } catch (error) {
      // The server has restarted, or never seen it.
      if (!messageOf(error).startsWith('NOSCRIPT')) throw error;
      return await this.#client.send(['EVAL', text, ...rest]);
    }
  }

  /** What comes after its time is over comes to nothing. */
  #inTime(answer: Promise<unknown>): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const timer = this.#clock.after(
        this.#timeoutMs,
        () => reject(redisErrors.UNAVAILABLE(`Redis did not answer within ${this.#timeoutMs} ms`)),
        { keepAlive: true },
      );
      answer.then(resolve, reject).finally(() => timer.cancel());
    });
  }

  #errorOf(cause: unknown): unknown {
    if (codeOf(cause) === redisErrors.UNAVAILABLE.code) return cause;
    if (this.#client.isAnswer(cause))
      return redisErrors.REFUSED(`Redis refused a script: ${messageOf(cause)}`, { cause });
    return redisErrors.UNAVAILABLE(`Redis is away: ${messageOf(cause)}`, { cause });
  }
}

function demandAddress(url: string): void {
  const { protocol = '', hostname = '' } = URL.canParse(url) ? new URL(url) : {};
  if (/^rediss?:$/.test(protocol) && hostname !== '') return;
  throw redisErrors.ADDRESS_INVALID('the URL is no address such as "redis://host:6379"');
}

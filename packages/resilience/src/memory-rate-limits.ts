import type { Clock, Random } from '@dure/core';
import { randomInteger } from '@dure/core';
import { checkOption } from './options.ts';
import type { RateAnswer, RateAsk, RateLimitStore } from './rate-limit-store.port.ts';

export interface MemoryRateLimitsOptions {
  readonly clock: Clock;
  /** Makes it unforeseeable which keys share an account when there are too many. */
  readonly random: Random;
  /** Keys of one limit that have an account of their own, about 150 bytes each. Default 100 000. */
  readonly mostKeys?: number;
}

/** Rate limits of this process. */
export interface MemoryRateLimits extends RateLimitStore {
  take(asks: readonly RateAsk[]): readonly RateAnswer[];
  /** Keys that have an account of their own at the moment. */
  readonly keys: number;
}

/** Makes up for rounding: whoever waits exactly as long as told is let through. */
const toleranceMs = 1e-6;

/** The shared accounts of one limit; a power of two. */
const sharedAccounts = 16_384;

/**
 * Counts in memory, by GCRA (ITU-T I.371): an account is one number, the time at which all that was taken is paid for.
 * That is a token bucket without anything that has to be refilled.
 *
 * Memory is bounded, and no key can be made to forget what it owes: an account is dropped when it is paid and never
 * before. While more than `mostKeys` owe something, newcomers share accounts, by a hash that nobody outside can foresee: a
 * flood of keys makes limits stricter for newcomers, never laxer for anybody.
 */
export function memoryRateLimits(options: MemoryRateLimitsOptions): MemoryRateLimits {
  const { clock, random, mostKeys = 100_000 } = options;
  checkOption('memoryRateLimits', 'mostKeys', mostKeys, 1, 10_000_000);
  const seed = randomInteger(random, 0, 2 ** 32 - 1);
  const accounts = new Map<string, Accounts>();
  const accountsOf = (name: string) => {
    let known = accounts.get(name);
    if (known === undefined) {
      known = new Accounts(mostKeys, seed);
      accounts.set(name, known);
    }
    return known;
  };
  return {
    take(asks) {
      const now = clock.monotonicMs();
      const answers = new Array<RateAnswer>(asks.length);
      let isTaken = true;
      for (let index = 0; index < asks.length; index += 1) {
        const ask = asks[index] as RateAsk;
        const answer = answerTo(ask, Math.max(accountsOf(ask.limit.name).paidAt(ask.key), now) - now);
        isTaken &&= answer.waitMs === 0;
        answers[index] = answer;
      }
      if (isTaken) {
        for (let index = 0; index < asks.length; index += 1) {
          const ask = asks[index] as RateAsk;
          const intervalMs = ask.limit.windowMs / ask.limit.quota;
          const owed = accountsOf(ask.limit.name);
          const debtMs = Math.max(owed.paidAt(ask.key), now) - now + ask.cost * intervalMs;
          owed.set(ask.key, now + debtMs, now);
          answers[index] = standing(ask, debtMs, 0);
        }
      }
      return answers;
    },
    get keys() {
      return accounts.values().reduce((sum, { size }) => sum + size, 0);
    },
  };
}

function answerTo(ask: RateAsk, debtMs: number): RateAnswer {
  const { quota, windowMs, burst } = ask.limit;
  const waitMs = debtMs + ((ask.cost - burst) * windowMs) / quota;
  return standing(ask, debtMs, waitMs > toleranceMs ? waitMs : 0);
}

function standing({ limit: { quota, windowMs, burst } }: RateAsk, debtMs: number, waitMs: number): RateAnswer {
  const intervalMs = windowMs / quota;
  const left = Math.max(Math.floor(burst - (debtMs - toleranceMs) / intervalMs), 0);
  const resetMs = left > 0 ? debtMs : Math.max(debtMs + (1 - burst) * intervalMs, 0);
  return { waitMs, left, resetMs };
}

/** When each key of one limit has paid, on the clock's monotonic scale. */
class Accounts {
  readonly #paidAt = new Map<string, number>();
  readonly #mostKeys: number;
  readonly #seed: number;
  /** Where looking for paid accounts goes on; an iterator of a map bears changes. */
  #sweep = this.#paidAt.entries();
  #shared: Float64Array | undefined;

  constructor(mostKeys: number, seed: number) {
    this.#mostKeys = mostKeys;
    this.#seed = seed;
  }

  get size(): number {
    return this.#paidAt.size;
  }

  paidAt(key: string): number {
    return this.#paidAt.get(key) ?? this.#shared?.[this.#place(key)] ?? 0;
  }

  set(key: string, paidAt: number, now: number): void {
    if (this.#paidAt.has(key)) {
      this.#paidAt.set(key, paidAt);
      return;
    }
    const isFull = this.#paidAt.size >= this.#mostKeys;
    this.#dropPaid(now, isFull ? 16 : 2);
    // The key may be a part of a longer text, which would be kept with it.
    if (this.#paidAt.size < this.#mostKeys) {
      this.#paidAt.set(Buffer.from(key).toString(), paidAt);
    } else {
      this.#shared ??= new Float64Array(sharedAccounts);
      this.#shared[this.#place(key)] = paidAt;
    }
  }

  /** Each newcomer looks at more than one account, so that all are looked at before twice as many have come. */
  #dropPaid(now: number, most: number): void {
    for (let looked = 0; looked < most; looked += 1) {
      const { value, done } = this.#sweep.next();
      if (done === true) {
        this.#sweep = this.#paidAt.entries();
        return;
      }
      if (value[1] <= now) this.#paidAt.delete(value[0]);
    }
  }

  /** FNV-1a with a seed. */
  #place(key: string): number {
    let hash = this.#seed ^ 0x811c9dc5;
    for (let index = 0; index < key.length; index += 1) hash = Math.imul(hash ^ key.charCodeAt(index), 0x01000193);
    return (hash ^ (hash >>> 15)) & (sharedAccounts - 1);
  }
}

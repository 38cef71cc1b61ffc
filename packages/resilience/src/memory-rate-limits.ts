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
  restart(name: string): void;
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
 * Memory is bounded, and no key can be made to forget what it owes: an account is dropped when there are many and it is
 * paid, and never before. While more than `mostKeys` owe something, newcomers share accounts, by a hash that nobody outside can foresee: a
 * flood of keys makes limits stricter for newcomers, never laxer for anybody.
 */
export function memoryRateLimits(options: MemoryRateLimitsOptions): MemoryRateLimits {
  const { clock, random, mostKeys = 100_000 } = options;
  checkOption('memoryRateLimits', 'mostKeys', mostKeys, 1, 10_000_000);
  const seed = randomInteger(random, 0, 2 ** 32 - 1);
  const byLimit = new Map<string, Accounts>();
  const accountsOf = (name: string) => {
    let known = byLimit.get(name);
    if (known === undefined) {
      known = new Accounts(mostKeys, seed);
      byLimit.set(name, known);
    }
    return known;
  };
  return {
    take(asks) {
      const now = clock.monotonicMs();
      const wishes: Wish[] = [];
      let isTaken = true;
      for (const ask of asks) {
        const wish = new Wish(ask, accountsOf(ask.limit.name), now);
        isTaken &&= wish.waitMs === 0;
        wishes.push(wish);
      }
      return wishes.map((wish) => (isTaken ? wish.grant(now) : wish.answer()));
    },
    restart: (name) => void byLimit.delete(name),
    get keys() {
      return byLimit.values().reduce((sum, { size }) => sum + size, 0);
    },
  };
}

/** An ask and the account that it concerns, looked up once. */
class Wish {
  readonly waitMs: number;
  readonly #ask: RateAsk;
  readonly #accounts: Accounts;
  readonly #account: Account | undefined;
  readonly #intervalMs: number;
  #debtMs: number;

  constructor(ask: RateAsk, accounts: Accounts, now: number) {
    this.#ask = ask;
    this.#accounts = accounts;
    this.#account = accounts.find(ask.key);
    this.#intervalMs = ask.limit.windowMs / ask.limit.quota;
    this.#debtMs = Math.max((this.#account?.paidAt ?? accounts.sharedPaidAt(ask.key)) - now, 0);
    const waitMs = this.#debtMs + (ask.cost - ask.limit.burst) * this.#intervalMs;
    this.waitMs = waitMs > toleranceMs ? waitMs : 0;
  }

  grant(now: number): RateAnswer {
    this.#debtMs += this.#ask.cost * this.#intervalMs;
    if (this.#account === undefined) this.#accounts.open(this.#ask.key, now + this.#debtMs, now);
    else this.#account.paidAt = now + this.#debtMs;
    return this.answer();
  }

  answer(): RateAnswer {
    const { burst } = this.#ask.limit;
    const left = Math.max(Math.floor(burst - (this.#debtMs - toleranceMs) / this.#intervalMs), 0);
    const resetMs = left > 0 ? this.#debtMs : Math.max(this.#debtMs + (1 - burst) * this.#intervalMs, 0);
    return { waitMs: this.waitMs, left, resetMs };
  }
}

/** When what was taken of one key is paid, on the clock's monotonic scale. */
interface Account {
  paidAt: number;
}

/** The accounts of one limit. */
class Accounts {
  readonly #own = new Map<string, Account>();
  readonly #mostKeys: number;
  readonly #seed: number;
  /** Where looking for paid accounts goes on; an iterator of a map bears changes. */
  #sweep = this.#own.entries();
  #shared: Float64Array | undefined;

  constructor(mostKeys: number, seed: number) {
    this.#mostKeys = mostKeys;
    this.#seed = seed;
  }

  get size(): number {
    return this.#own.size;
  }

  find(key: string): Account | undefined {
    return this.#own.get(key);
  }

  /** What a key without an account of its own owes. */
  sharedPaidAt(key: string): number {
    return this.#shared?.[this.#place(key)] ?? 0;
  }

  open(key: string, paidAt: number, now: number): void {
    if (this.#own.size * 2 >= this.#mostKeys) this.#dropPaid(now, this.#own.size < this.#mostKeys ? 2 : 16);
    if (this.#own.size < this.#mostKeys) {
      this.#own.set(key, { paidAt });
    } else {
      this.#shared ??= new Float64Array(sharedAccounts);
      this.#shared[this.#place(key)] = paidAt;
    }
  }

  /** From half of the room on, each newcomer looks at more than one account: all are looked at before it is full. */
  #dropPaid(now: number, most: number): void {
    for (let looked = 0; looked < most; looked += 1) {
      const { value, done } = this.#sweep.next();
      if (done === true) {
        this.#sweep = this.#own.entries();
        return;
      }
      if (value[1].paidAt <= now) this.#own.delete(value[0]);
    }
  }

  /** FNV-1a with a seed. */
  #place(key: string): number {
    let hash = this.#seed ^ 0x811c9dc5;
    for (let index = 0; index < key.length; index += 1) hash = Math.imul(hash ^ key.charCodeAt(index), 0x01000193);
    return (hash ^ (hash >>> 15)) & (sharedAccounts - 1);
  }
}

import type { Clock, Random } from '@dure/core';
import { wait } from '@dure/core';
import type { Logger } from '@dure/telemetry';
import { registryErrors } from '../errors.ts';
import type { Change, PushedInstance, Snapshot } from '../wire/push-stream.ts';
import { hashOf, readEureka } from './read-eureka.ts';

/** What polling needs. */
export interface EurekaPollOptions {
  /** Answers a path below Eureka's base. */
  readonly get: (path: string) => Promise<{ readonly status: number; readonly text: string }>;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly intervalMs: number;
  readonly signal: AbortSignal;
  readonly snapshot: (snapshot: Snapshot) => void;
  readonly change: (change: Change) => void;
}

/** After this long a push stream is looked for again: the server may have been replaced. */
const forMs = 10 * 60_000;

/**
 * Follows a registry that has no push stream, as every Eureka server: everything once, then what is new, and
 * everything again when the hash shows that the two have drifted apart.
 *
 * After `DiscoveryClient` of Netflix/eureka. A list that is suddenly less than half as long is taken for a server
 * that has just started, and what it does not name is held for a while.
 */
export class EurekaPoll {
  readonly #options: EurekaPollOptions;
  readonly #known = new Map<string, PushedInstance>();
  #isEmpty = true;
  #starts = 0;

  constructor(options: EurekaPollOptions) {
    this.#options = options;
  }

  /** Returns after ten minutes or when the signal aborts; rejects with REGISTRY_UNREACHABLE. */
  async run(polled: () => void): Promise<void> {
    const { clock, random, intervalMs, signal } = this.#options;
    const until = clock.monotonicMs() + forMs;
    while (!signal.aborted && clock.monotonicMs() < until) {
      await this.#poll();
      polled();
      await wait(clock, intervalMs * (0.9 + 0.2 * random.next()), signal);
    }
  }

  async #poll(): Promise<void> {
    if (this.#isEmpty || this.#known.size === 0) return this.#fetchAll();
    const { status, text } = await this.#options.get('/eureka/apps/delta');
    const delta = status === 200 ? readEureka(text) : undefined;
    if (delta === undefined) return this.#fetchAll();
    const put: PushedInstance[] = [];
    const gone: PushedInstance[] = [];
    for (const { instance, isDeleted } of delta.instances) {
      const key = keyOf(instance);
      if (isDeleted ? this.#known.delete(key) : true) (isDeleted ? gone : put).push(instance);
      if (!isDeleted) this.#known.set(key, instance);
    }
    if (put.length + gone.length > 0) this.#options.change({ put, gone });
    if (hashOf(this.#known.values()) === delta.hash) return;
    this.#options.log.info('the list has drifted from the registry’s: everything is fetched again');
    await this.#fetchAll();
  }

  async #fetchAll(): Promise<void> {
    const { get, snapshot, change } = this.#options;
    const { status, text } = await get('/eureka/apps/');
    const all = status === 200 ? readEureka(text) : undefined;
    if (all === undefined)
      throw registryErrors.UNREACHABLE(`the registry answered ${status} to a request for all applications`);
    const before = new Map(this.#known);
    this.#known.clear();
    for (const { instance } of all.instances) this.#known.set(keyOf(instance), instance);
    if (this.#isEmpty || this.#known.size < before.size / 2) {
      this.#isEmpty = false;
      this.#starts += 1;
      return snapshot({ epoch: `eureka-${this.#starts}`, instances: [...this.#known.values()] });
    }
    const gone = [...before].filter(([key]) => !this.#known.has(key)).map(([, instance]) => instance);
    change({ put: [...this.#known.values()], gone });
  }
}

function keyOf({ service, id }: PushedInstance): string {
  return `${service.toLowerCase()}/${id}`;
}

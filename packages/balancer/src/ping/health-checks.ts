import type { Clock, Random, Timer } from '@dure/core';
import type { Instance, InstanceList } from '../instance-list.port.ts';
import { checked, checkedMs } from '../options.ts';
import type { Ping } from './ping.ts';

/** What active checks say of an instance; `unknown` until enough of them agree. */
export type Verdict = 'passing' | 'failing' | 'unknown';

/** What a balancer asks of active health checks. */
export interface InstanceHealth {
  /** Grows with each verdict that changes. */
  readonly version: number;
  /** Begins to check a service's instances; again has no effect. */
  watch(service: string): void;
  verdict(instanceId: string): Verdict;
}

/** Active health checks that are running. */
export interface HealthChecks extends InstanceHealth, AsyncDisposable {
  /** Stops all checks; resolves when those under way have ended. */
  close(): Promise<void>;
}

/** Something that a health check found. */
export interface HealthEvent {
  readonly kind: 'verdict';
  readonly instance: Instance;
  readonly verdict: Verdict;
  /** Why the last check failed. */
  readonly error?: unknown;
}

/** Options of `startHealthChecks`. */
export interface HealthCheckOptions {
  readonly instances: InstanceList;
  readonly ping: Ping;
  readonly clock: Clock;
  readonly random: Random;
  /** From the end of one check of an instance to the next, give or take a tenth. Default 5 000. */
  readonly intervalMs?: number;
  /** A check that takes longer has failed. Default 1 000. */
  readonly timeoutMs?: number;
  /** So many failed checks in a row make a verdict. Default 3. */
  readonly failingAfter?: number;
  /** So many good ones make one. Default 2. */
  readonly passingAfter?: number;
  readonly observe?: (event: HealthEvent) => void;
}

/**
 * Checks instances from the caller's side: give the result to `balancer({ health })`. An instance that is checked keeps
 * its verdict until enough checks in a row say otherwise; one that left is forgotten. First checks are spread
 * over an interval. A value out of range is BALANCER_OPTION_INVALID.
 *
 * @example
 * await using health = startHealthChecks({ instances, ping: httpPing(), clock: systemClock, random: systemRandom });
 * const balance = balancer({ instances, clock: systemClock, random: systemRandom, health });
 */
export function startHealthChecks(options: HealthCheckOptions): HealthChecks {
  return new RunningChecks(options.instances, {
    clock: options.clock,
    random: options.random,
    ping: options.ping,
    observe: options.observe,
    intervalMs: checkedMs('startHealthChecks', 'intervalMs', options.intervalMs ?? 5_000),
    timeoutMs: checkedMs('startHealthChecks', 'timeoutMs', options.timeoutMs ?? 1_000),
    failingAfter: times('failingAfter', options.failingAfter ?? 3),
    passingAfter: times('passingAfter', options.passingAfter ?? 2),
  });
}

interface CheckSettings {
  readonly clock: Clock;
  readonly random: Random;
  readonly ping: Ping;
  readonly observe: ((event: HealthEvent) => void) | undefined;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly failingAfter: number;
  readonly passingAfter: number;
}

class RunningChecks implements HealthChecks {
  version = 0;
  readonly #instances: InstanceList;
  readonly #settings: CheckSettings;
  readonly #unsubscribers = new Map<string, () => void>();
  readonly #checks = new Map<string, Check>();
  readonly #rounds = new Set<Promise<void>>();
  #isClosed = false;

  constructor(instances: InstanceList, settings: CheckSettings) {
    this.#instances = instances;
    this.#settings = settings;
  }

  watch(service: string): void {
    if (this.#isClosed || this.#unsubscribers.has(service)) return;
    this.#unsubscribers.set(
      service,
      this.#instances.onChange(service, () => this.#follow(service)),
    );
    this.#follow(service);
  }

  verdict(instanceId: string): Verdict {
    return this.#checks.get(instanceId)?.verdict ?? 'unknown';
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const unsubscribe of this.#unsubscribers.values()) unsubscribe();
    this.#unsubscribers.clear();
    for (const check of this.#checks.values()) check.stop();
    this.#checks.clear();
    await Promise.all(this.#rounds);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #follow(service: string): void {
    const present = new Map(this.#instances.instances(service).map((instance) => [instance.id, instance]));
    for (const [id, check] of this.#checks) {
      if (check.instance.service !== service || present.has(id)) continue;
      check.stop();
      this.#checks.delete(id);
    }
    for (const [id, instance] of present) {
      const check = this.#checks.get(id);
      if (check === undefined) this.#checks.set(id, new Check(instance, this.#settings, this));
      else check.instance = instance;
    }
  }

  track(round: Promise<void>): void {
    this.#rounds.add(round);
    void round.finally(() => this.#rounds.delete(round));
  }

  changed(event: HealthEvent): void {
    this.version += 1;
    this.#settings.observe?.(event);
  }
}

/** The checks of one instance, one after the other. */
class Check {
  instance: Instance;
  verdict: Verdict = 'unknown';
  readonly #settings: CheckSettings;
  readonly #owner: RunningChecks;
  readonly #stopped = new AbortController();
  #timer: Timer;
  /** How many checks in a row ended alike: above 0 well, below 0 badly. */
  #run = 0;

  constructor(instance: Instance, settings: CheckSettings, owner: RunningChecks) {
    this.instance = instance;
    this.#settings = settings;
    this.#owner = owner;
    this.#timer = this.#after(settings.intervalMs * settings.random.next());
  }

  stop(): void {
    this.#timer.cancel();
    this.#stopped.abort();
  }

  #after(delayMs: number): Timer {
    return this.#settings.clock.after(delayMs, () => this.#owner.track(this.#round()));
  }

  async #round(): Promise<void> {
    const { clock, ping, timeoutMs, intervalMs, random } = this.#settings;
    const tooLong = new AbortController();
    const timer = clock.after(timeoutMs, () =>
      tooLong.abort(new DOMException(`no answer in ${timeoutMs} ms`, 'TimeoutError')),
    );
    let failure: unknown;
    try {
      await ping(this.instance, AbortSignal.any([tooLong.signal, this.#stopped.signal]));
    } catch (error) {
      failure = error ?? 'rejected without a reason';
    } finally {
      timer.cancel();
    }
    if (this.#stopped.signal.aborted) return;
    this.#learn(failure);
    this.#timer = this.#after(intervalMs * (0.9 + random.next() / 5));
  }

  #learn(failure: unknown): void {
    const { failingAfter, passingAfter } = this.#settings;
    this.#run = failure === undefined ? Math.max(this.#run, 0) + 1 : Math.min(this.#run, 0) - 1;
    const verdict = this.#run >= passingAfter ? 'passing' : -this.#run >= failingAfter ? 'failing' : this.verdict;
    if (verdict === this.verdict) return;
    this.verdict = verdict;
    const error = failure === undefined ? {} : { error: failure };
    this.#owner.changed({ kind: 'verdict', instance: this.instance, verdict, ...error });
  }
}

function times(name: string, value: number): number {
  return checked('startHealthChecks', name, value, { from: 1, to: 1_000, unit: 'checks', whole: true });
}

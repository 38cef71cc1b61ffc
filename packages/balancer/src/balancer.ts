import type { Clock, Random } from '@dure/core';
import type { Instance, InstanceList } from './instance-list.port.ts';
import type { InstanceLoad, Outcome } from './instance-load.ts';
import { checked } from './options.ts';
import type { OutlierOptions } from './outlier-ejection.ts';
import { outlierEjection } from './outlier-ejection.ts';
import type { PickFor } from './pick-for.ts';
import type { InstanceHealth } from './ping/health-checks.ts';
import type { BalancerEvent, InstanceReport, PoolSettings, PoolTools } from './pool.ts';
import { Pool } from './pool.ts';
import type { Rule } from './rule.ts';
import { peakEwma } from './rules/peak-ewma.ts';
import type { SlowStartOptions } from './slow-start.ts';
import { slowStart } from './slow-start.ts';

/** What of a balancer can be changed while it runs. */
export interface BalancerSettings {
  /** Default `peakEwma()`. */
  readonly rule?: Rule;
  /** Other rules, for some services. */
  readonly rules?: Readonly<Record<string, Rule>>;
  /** How an instance that joins gets its first calls; rules that weigh heed it. On unless 'off'. */
  readonly slowStart?: SlowStartOptions | 'off';
  /** Takes instances out that fail. Default 'off': the default rule by itself all but stops calling those that fail. */
  readonly outliers?: OutlierOptions | 'off';
  /**
   * When a smaller share of the instances than this is neither ejected nor failing its checks, calls go to all of
   * them again; and no ejection goes below it, except that one of several may always be out. Default 0.5.
   */
  readonly panicShare?: number;
}

/** Options of `balancer`. */
export interface BalancerOptions extends BalancerSettings {
  readonly instances: InstanceList;
  readonly clock: Clock;
  readonly random: Random;
  /** Active checks, from `startHealthChecks`: an instance that fails them gets no calls. */
  readonly health?: InstanceHealth;
  /** An instance's share against the others; 0 takes no calls while another takes some. Default: `metadata.weight`, else 1. */
  readonly weightOf?: (instance: Instance) => number;
  readonly observe?: (event: BalancerEvent) => void;
}

/** An instance that was chosen for one attempt. */
export interface Picked {
  readonly instance: Instance;
  /** The instance failed or was slow lately, and this call finds out whether it still is: wise callers hedge at once. */
  readonly isProbe: boolean;
  /**
   * Must be called when the attempt has ended, however it ended; the first call counts. The time since the pick is
   * learned as the instance's latency, unless `took` says another, in milliseconds, or that it says nothing about the
   * instance (streams, long polls).
   */
  done(outcome: Outcome, took?: number | 'unmeasured'): void;
}

/** Chooses instances for one caller. */
export interface Balancer {
  /**
   * The instance for the next attempt; one that is not in `tried` as long as there is another. Undefined when no
   * instance takes traffic. The cost does not depend on how many instances there are, or on their logarithm only.
   */
  pick(service: string, tried: readonly string[], want?: PickFor): Picked | undefined;
  /**
   * Changes what is given, keeping the rest and all that is known of the instances. BALANCER_OPTION_INVALID, and
   * nothing changed, when a value is out of range.
   */
  update(change: BalancerSettings): void;
  /** What is known of a service's instances, for people to look at; empty before the first pick. */
  report(service: string): readonly InstanceReport[];
}

/**
 * Balances the calls of one process over the instances of each service. It has no timers and needs no closing.
 * BALANCER_OPTION_INVALID when a value is out of range.
 *
 * @example
 * const picked = balance.pick('inventory', call.attempt.tried);
 * if (picked === undefined) throw serviceErrors.NO_INSTANCE(…);
 * try { …; picked.done('success'); } catch { picked.done('failure'); }
 */
export function balancer(options: BalancerOptions): Balancer {
  const { instances, clock, random, health, observe, weightOf = weightOfMetadata } = options;
  const tools: PoolTools = { clock, random, health, observe };
  const pools = new Map<string, Pool>();
  let given: BalancerSettings = options;
  let settings = settingsOf(given, weightOf);
  const settingsFor = (service: string): PoolSettings => {
    const rule = given.rules?.[service];
    return rule === undefined ? settings : { ...settings, rule };
  };
  const poolOf = (service: string): Pool | undefined => {
    const list = instances.instances(service);
    const pool = pools.get(service);
    if (list.length === 0) {
      if (pool !== undefined) pools.delete(service);
      return undefined;
    }
    if (pool !== undefined) {
      if (pool.list !== list) pool.replace(list, clock.monotonicMs());
      return pool;
    }
    forgetEmpty(pools, instances);
    health?.watch(service);
    const opened = new Pool(service, list, settingsFor(service), tools);
    pools.set(service, opened);
    return opened;
  };
  return {
    pick(service, tried, want) {
      const pool = poolOf(service);
      if (pool === undefined) return undefined;
      const nowMs = clock.monotonicMs();
      return new PickedInstance(pool, pool.choose(tried, nowMs, want), clock, nowMs);
    },
    update(change) {
      const wanted = { ...given, ...change };
      settings = settingsOf(wanted, weightOf, settings.rule);
      given = wanted;
      const nowMs = clock.monotonicMs();
      for (const [service, pool] of pools) pool.update(settingsFor(service), nowMs);
    },
    report: (service) => (pools.has(service) ? (poolOf(service)?.report(clock.monotonicMs()) ?? []) : []),
  };
}

function settingsOf(given: BalancerSettings, weightOf: (instance: Instance) => number, rule?: Rule): PoolSettings {
  const { outliers = 'off', panicShare = 0.5 } = given;
  return {
    rule: given.rule ?? rule ?? peakEwma(),
    slowStart: given.slowStart === 'off' ? undefined : slowStart(given.slowStart),
    outliers: outliers === 'off' ? undefined : outlierEjection(outliers),
    panicShare: checked('balancer', 'panicShare', panicShare, { from: 0, to: 1 }),
    weightOf,
  };
}

/** One pick, from its begin to its end. */
class PickedInstance implements Picked {
  readonly instance: Instance;
  readonly isProbe: boolean;
  readonly #pool: Pool;
  readonly #load: InstanceLoad;
  readonly #clock: Clock;
  readonly #startedMs: number;
  #ended = false;

  constructor(pool: Pool, load: InstanceLoad, clock: Clock, nowMs: number) {
    this.instance = load.instance;
    this.isProbe = load.isSuspect && load.inFlight === 0;
    this.#pool = pool;
    this.#load = load;
    this.#clock = clock;
    this.#startedMs = nowMs;
    load.begin(nowMs);
  }

  done(outcome: Outcome, took?: number | 'unmeasured'): void {
    if (this.#ended) return;
    this.#ended = true;
    const nowMs = this.#clock.monotonicMs();
    const tookMs = took === undefined ? nowMs - this.#startedMs : took === 'unmeasured' ? undefined : took;
    this.#load.end(outcome, this.#startedMs, nowMs, tookMs);
    this.#pool.ended(this.#load, outcome, nowMs);
  }
}

/** Weights as Nacos and Spring Cloud have them in the metadata; what is no number from 0 to 1 000 counts 1. */
function weightOfMetadata({ metadata }: Instance): number {
  const text = metadata.weight;
  if (text === undefined || text.trim() === '') return 1;
  const weight = Number(text);
  return weight >= 0 && weight <= 1_000 ? weight : 1;
}

/** Runs when a service is met for the first time, so that services that vanished leave nothing behind. */
function forgetEmpty(pools: Map<string, Pool>, instances: InstanceList): void {
  for (const service of pools.keys()) if (instances.instances(service).length === 0) pools.delete(service);
}

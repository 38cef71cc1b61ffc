import type { Clock, Random } from '@dure/core';
import type { Instance, InstanceList } from './instance-list.port.ts';
import type { Outcome } from './instance-load.ts';
import { InstanceLoad } from './instance-load.ts';
import { leastRequest } from './least-request.ts';
import type { Choose, Rule } from './rule.ts';

/** Options of `balancer`. */
export interface BalancerOptions {
  readonly instances: InstanceList;
  readonly clock: Clock;
  readonly random: Random;
  /** Default `leastRequest()`. */
  readonly rule?: Rule;
}

/** An instance that was chosen for one attempt. */
export interface Picked {
  readonly instance: Instance;
  /** Must be called when the attempt has ended, however it ended; the first call counts. */
  done(outcome: Outcome): void;
}

/** Chooses instances for one caller. */
export interface Balancer {
  /**
   * The instance for the next attempt; one that is not in `tried` as long as there is another. Undefined when no
   * instance takes traffic. The cost does not depend on how many instances there are.
   */
  pick(service: string, tried: readonly string[]): Picked | undefined;
}

/**
 * Balances the calls of one process over the instances of each service.
 *
 * @example
 * const picked = balance.pick('inventory', call.attempt.tried);
 * if (picked === undefined) throw serviceErrors.NO_INSTANCE(…);
 * try { …; picked.done('success'); } catch { picked.done('failure'); }
 */
export function balancer(options: BalancerOptions): Balancer {
  const { instances, clock, random } = options;
  const rule = options.rule ?? leastRequest();
  const pools = new Map<string, Pool>();
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
    const opened = new Pool(list, rule.open({ clock, random }), clock.monotonicMs());
    pools.set(service, opened);
    return opened;
  };
  return {
    pick(service, tried) {
      const pool = poolOf(service);
      if (pool === undefined) return undefined;
      const chosen = pool.choose(pool.loads, tried) as InstanceLoad;
      chosen.begin(clock.monotonicMs());
      return pick(chosen, clock);
    },
  };
}

/** The loads of one service's instances, in the order of the list they were made from. */
class Pool {
  readonly choose: Choose;
  list: readonly Instance[];
  loads: readonly InstanceLoad[];

  constructor(list: readonly Instance[], choose: Choose, nowMs: number) {
    this.choose = choose;
    this.list = list;
    this.loads = list.map((instance) => new InstanceLoad(instance, nowMs));
  }

  /** Keeps what is known of instances that stay, and forgets those that left. */
  replace(list: readonly Instance[], nowMs: number): void {
    const known = new Map(this.loads.map((load) => [load.instance.id, load]));
    this.list = list;
    this.loads = list.map((instance) => {
      const load = known.get(instance.id) ?? new InstanceLoad(instance, nowMs);
      load.instance = instance;
      return load;
    });
  }
}

function pick(load: InstanceLoad, clock: Clock): Picked {
  let ended = false;
  return {
    instance: load.instance,
    done(outcome) {
      if (ended) return;
      ended = true;
      load.end(outcome, clock.monotonicMs());
    },
  };
}

/** Runs when a service is met for the first time, so that services that vanished leave nothing behind. */
function forgetEmpty(pools: Map<string, Pool>, instances: InstanceList): void {
  for (const service of pools.keys()) if (instances.instances(service).length === 0) pools.delete(service);
}

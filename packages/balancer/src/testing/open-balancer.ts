import { seededRandom } from '@dure/core';
import type { FakeClock } from '@dure/core/testing';
import { fakeClock } from '@dure/core/testing';
import type { Balancer, BalancerOptions } from '../balancer.ts';
import { balancer } from '../balancer.ts';
import type { Instance } from '../instance-list.port.ts';
import type { PickFor } from '../pick-for.ts';
import type { BalancerEvent } from '../pool.ts';
import type { StaticInstances } from '../static-instances.ts';
import { staticInstances } from '../static-instances.ts';
import { testInstance } from './instance-list-contract.ts';

/** A balancer over instances `stock:0`, `stock:1` … with a clock that stands still. */
export interface OpenBalancer {
  readonly balance: Balancer;
  readonly clock: FakeClock;
  readonly list: StaticInstances;
  readonly events: BalancerEvent[];
  /** Picks so often, ending each call at once if told how, and counts by id. */
  count(times: number, how?: CountOptions): Map<string, number>;
}

/** How calls are made and ended. */
export interface CountOptions {
  readonly tried?: readonly string[];
  readonly want?: PickFor;
  /** Instances that fail. */
  readonly failing?: readonly string[];
}

/** So many instances, each changed by its index. */
export function testFleet(size: number, change: (index: number) => Partial<Instance> = () => ({})): Instance[] {
  return Array.from({ length: size }, (_, index) => testInstance('stock', `stock:${index}`, change(index)));
}

/** Opens a balancer for tests of this package. */
export function openBalancer(
  fleet: readonly Instance[],
  options: Partial<BalancerOptions> = {},
  seed: number = 1,
): OpenBalancer {
  const clock = fakeClock();
  const list = staticInstances({ stock: fleet });
  const events: BalancerEvent[] = [];
  const observe = (event: BalancerEvent) => void events.push(event);
  const balance = balancer({ instances: list, clock, random: seededRandom(seed), observe, ...options });
  return {
    balance,
    clock,
    list,
    events,
    count(times, { tried = [], want, failing = [] } = {}) {
      const counts = new Map<string, number>();
      for (let time = 0; time < times; time += 1) {
        const picked = balance.pick('stock', tried, want);
        const id = picked?.instance.id ?? 'none';
        counts.set(id, (counts.get(id) ?? 0) + 1);
        picked?.done(failing.includes(id) ? 'failure' : 'success', 20);
      }
      return counts;
    },
  };
}

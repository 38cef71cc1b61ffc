import type { Balancer } from '../balancer.ts';
import type { Instance } from '../instance-list.port.ts';
import type { SimulatedTools } from './simulation.ts';

/** What other products do by default, for comparison in a simulation: the textbook formulas and nothing else. */
export type Reference = 'P2C least request' | 'P2C peak-EWMA (Finagle)' | 'P2C peak-EWMA + 5 s penalty (Linkerd)';

interface Known {
  inFlight: number;
  cost: number;
  stampMs: number;
}

/** A balancer of somebody else's design, over a list that does not change. */
export function referenceBalancer(reference: Reference): (tools: SimulatedTools) => Balancer {
  return ({ instances, clock, random }) => {
    const known = new Map<Instance, Known>();
    const of = (instance: Instance): Known => {
      const found = known.get(instance) ?? { inFlight: 0, cost: 0, stampMs: clock.monotonicMs() };
      known.set(instance, found);
      return found;
    };
    const observe = (host: Known, roundTripMs: number): void => {
      const nowMs = clock.monotonicMs();
      const kept = Math.exp(-(nowMs - host.stampMs) / 10_000);
      host.cost = roundTripMs > host.cost ? roundTripMs : roundTripMs * (1 - kept) + host.cost * kept;
      host.stampMs = nowMs;
    };
    const load = (host: Known): number => {
      if (reference === 'P2C least request') return host.inFlight;
      observe(host, 0);
      if (host.cost === 0 && host.inFlight > 0) return Number.MAX_SAFE_INTEGER + host.inFlight;
      return host.cost * (host.inFlight + 1);
    };
    return {
      pick(service) {
        const list = instances.instances(service);
        const index = Math.floor(random.next() * list.length);
        const first = list[index];
        const second = list[(index + 1 + Math.floor(random.next() * (list.length - 1))) % list.length];
        if (first === undefined || second === undefined) return undefined;
        const instance = load(of(first)) <= load(of(second)) ? first : second;
        const host = of(instance);
        const startedMs = clock.monotonicMs();
        host.inFlight += 1;
        return {
          instance,
          isProbe: false,
          done(outcome) {
            host.inFlight -= 1;
            const tookMs = clock.monotonicMs() - startedMs;
            observe(host, outcome === 'failure' && reference.includes('penalty') ? Math.max(tookMs, 5_000) : tookMs);
          },
        };
      },
      update() {},
      report: () => [],
    };
  };
}

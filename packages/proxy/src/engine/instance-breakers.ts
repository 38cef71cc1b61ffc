import type { Instance, InstanceList, Outcome } from '@dure/balancer';
import type { Clock } from '@dure/core';
import type { BreakerLimits, CircuitBreaker, ResilienceEvent, Verdict } from '@dure/resilience';
import { circuitBreaker } from '@dure/resilience';
import { anyOperation } from './destination.ts';

/** A circuit breaker for each instance and operation. */
export interface InstanceBreakers {
  of(instance: Instance, operation: string): CircuitBreaker;
  /** Those there are, for the actuator. */
  all(): readonly CircuitBreaker[];
  /** Stops following the list. */
  close(): void;
}

export interface InstanceBreakerOptions {
  readonly clock: Clock;
  readonly instances: InstanceList;
  readonly limits: BreakerLimits;
  readonly observe: (event: ResilienceEvent) => void;
}

/**
 * What is known of an instance goes when the instance goes. There are as many operations as contracts have.
 * RESILIENCE_OPTION_INVALID when a limit makes no sense.
 */
export function instanceBreakers({ clock, instances, limits, observe }: InstanceBreakerOptions): InstanceBreakers {
  circuitBreaker({ ...limits, clock, name: 'to check the limits' });
  const known = new Map<string, { readonly service: string; readonly breakers: Map<string, CircuitBreaker> }>();
  const close = instances.onChange(undefined, () => {
    for (const [id, { service }] of known)
      if (!instances.instances(service).some((instance) => instance.id === id)) known.delete(id);
  });
  return {
    of({ id, service }, operation) {
      let kept = known.get(id);
      if (kept === undefined) {
        kept = { service, breakers: new Map() };
        known.set(id, kept);
      }
      let breaker = kept.breakers.get(operation);
      if (breaker === undefined) {
        breaker = circuitBreaker({ ...limits, clock, observe, name: `${id} ${operation}` });
        kept.breakers.set(operation, breaker);
      }
      return breaker;
    },
    all: () => [...known.values()].flatMap(({ breakers }) => [...breakers.values()]),
    close,
  };
}

/**
 * The caller's own mistakes count nothing, but show that the instance answers; one that limits its callers is well. Where
 * operations are not told apart, a 500 is the fault of one of them and says nothing against the others.
 */
export function verdictOf(outcome: Outcome, status: number, operation: string): Verdict {
  if (status === 500 && operation === anyOperation) return 'answered';
  if (outcome === 'failure') return 'failure';
  if (outcome === 'cancelled' || status === 429) return 'nothing';
  return status >= 400 ? 'answered' : 'success';
}

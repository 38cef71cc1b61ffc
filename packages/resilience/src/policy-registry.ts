import type { Clock, HealthCheck, ManagementEndpoint } from '@dure/core';
import { checkOption } from './options.ts';
import type { Policy, PolicySource } from './policy.ts';
import { breakersHealth, policyEndpoints } from './policy-endpoints.ts';
import type { EventList, PastEvent, ResilienceEvent } from './policy-events.ts';
import { shownEvents } from './policy-events.ts';

export interface PolicyRegistryOptions {
  readonly clock: Clock;
  /** Sources kept; beyond that the first goes. Default 1 000. */
  readonly most?: number;
  /** Events kept for each kind of policy; beyond that the oldest goes. Default 100. */
  readonly events?: number;
}

/** Knows a process's policies and what happened to them lately. */
export interface PolicyRegistry {
  /** Hand this, or what calls it, to every policy as `observe`. */
  readonly observe: (event: ResilienceEvent) => void;
  add(...sources: readonly PolicySource[]): void;
  policies(): readonly Policy[];
  /** Resilience4j's actuator endpoints, ready to be mounted. */
  readonly endpoints: readonly ManagementEndpoint[];
  /** The component `circuitBreakers` of `/actuator/health`. It belongs to no group: an open breaker takes nobody out of service. */
  readonly health: HealthCheck;
}

/**
 * Gathers policies for `/actuator/circuitbreakers`, `circuitbreakerevents`, `bulkheads`, `retries`, `ratelimiters`,
 * `timelimiters` and their events, in the shapes of Resilience4j, so that tools made for Spring Boot read them. An
 * adaptive limit is shown as a bulkhead; time limiters are those that have ended an attempt lately. Successes are no
 * events. Memory is bounded.
 *
 * @example
 * const registry = policyRegistry({ clock });
 * const breakers = circuitBreakers({ clock, observe: registry.observe });
 * registry.add(breakers);
 * for (const endpoint of registry.endpoints) add.endpoint(endpoint);
 */
export function policyRegistry(options: PolicyRegistryOptions): PolicyRegistry {
  const { clock, most = 1_000, events = 100 } = options;
  checkOption('policyRegistry', 'most', most, 1, 1_000_000);
  checkOption('policyRegistry', 'events', events, 1, 100_000);
  const sources = new Set<PolicySource>();
  const past: Readonly<Record<EventList, PastEvent[]>> = {
    circuitBreaker: [],
    bulkhead: [],
    retry: [],
    rateLimiter: [],
    timeLimiter: [],
  };
  const policies = () => [...sources].flatMap((source) => ('all' in source ? source.all() : [source]));
  return {
    observe(event) {
      for (const shown of shownEvents(event)) {
        const list = past[shown.list];
        list.push({ ...shown, at: clock.now() });
        if (list.length > events) list.shift();
      }
    },
    add(...added) {
      for (const source of added) {
        sources.add(source);
        const [first] = sources;
        if (sources.size > most && first !== undefined) sources.delete(first);
      }
    },
    policies,
    endpoints: policyEndpoints(policies, (list) => past[list]),
    health: { name: 'circuitBreakers', groups: [], check: () => breakersHealth(policies()) },
  };
}

import type { Balancer } from '@dure/balancer';
import type { Call, Clock, HealthCheck, Layer, ManagementEndpoint, Random } from '@dure/core';
import { stack } from '@dure/core';
import type { Bulkhead, PolicyRegistry, ResilienceEvent, ResilienceLimits } from '@dure/resilience';
import {
  bulkhead,
  circuitBreakers,
  deadline,
  hedge,
  policyRegistry,
  retry,
  retryBudgets,
  timeout,
} from '@dure/resilience';
import type { Telemetry } from '@dure/telemetry';
import { traced } from '@dure/telemetry';
import type { CallPolicy } from '../contract/call-policy.ts';
import type { HttpOperation } from '../contract/index.ts';
import { attemptTrail } from './attempt-trail.ts';
import { balanced, breaking } from './balanced.ts';
import { declaredFallback, standIn } from './declared-fallback.ts';
import { unitOfWorkWatch } from './unit-of-work-watch.ts';

/** What the outbound layers of one service share: budgets and breakers belong to the caller, not to a client. */
export interface OutboundOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly telemetry: Telemetry;
  readonly balancer: Balancer;
  /** What knows the policies of the service that calls. Default: one of its own. */
  readonly registry?: PolicyRegistry;
  /** Whether a call is made while a unit of work of the caller is open, which is then told of. Default: never. */
  readonly inUnit?: (call: Call) => boolean;
}

/** Layers for calls over the network, and for calls to a service in the same host. */
export interface OutboundLayers {
  readonly remote: LayersOf;
  readonly local: LayersOf;
  /** What the actuator shows of breakers and retries: `circuitbreakers`, `retries`, their events and the like. */
  readonly endpoints: readonly ManagementEndpoint[];
  /** What the health page shows of breakers; an open one takes nobody out of service. */
  readonly health: HealthCheck;
  /** Changes limits while running, for all targets; what is wrong is RESILIENCE_OPTION_INVALID. */
  update(limits: ResilienceLimits): void;
}

/** The layers for one operation, as its contract and its caller's policy have it. */
export type LayersOf = (operation: HttpOperation, policy?: CallPolicy) => Layer<unknown, unknown>;

/** The layers between a caller and another service, made once per calling service; outermost first. */
export function outboundLayers(options: OutboundOptions): OutboundLayers {
  const { clock, random, telemetry, balancer, inUnit } = options;
  const registry = options.registry ?? policyRegistry({ clock });
  const tell = teller(telemetry);
  const observe = (event: ResilienceEvent) => {
    registry.observe(event);
    tell(event);
  };
  const budgets = retryBudgets({ clock });
  const breakers = circuitBreakers({ clock, observe });
  const retries = retry<unknown, unknown>({ clock, random, budget: budgets, observe });
  const timeouts = timeout<unknown, unknown>({ clock, observe });
  registry.add(budgets, breakers);
  const hedges = hedge<unknown, unknown>({ clock, budget: budgets, observe });
  const bulkheads = bulkheadsBy({ clock, observe, add: (made) => registry.add(made) });
  const watch = inUnit === undefined ? [] : [unitOfWorkWatch({ telemetry, inUnit })];
  const shared = (operation: HttpOperation, policy: CallPolicy): readonly Layer<unknown, unknown>[] => [
    ...watch, // outside of everything: a call is told of once
    traced(telemetry, 'client', standIn), // the span covers every attempt, and says what stood in
    ...(policy.fallback === false ? [] : declaredFallback(operation, { clock, observe })), // when all below has failed
    deadline({ clock }), // before retry: attempts share what is left
    retries, // attempts share deadline and budget
    attemptTrail(), // inside retry: says of each attempt where it went and what refused it
  ];
  return {
    remote: (operation, policy = {}) =>
      stack(
        ...shared(operation, policy),
        ...(policy.hedge === true ? [hedges] : []), // outside the balancer: the second attempt goes elsewhere
        balanced(operation, balancer, breakers, policy.prefer), // picks anew for each attempt; skips tried and open instances
        ...(policy.hedge === true ? [hedges.target] : []),
        breaking(breakers), // per instance and operation: knows where the attempt goes
        timeouts, // one attempt
        ...bulkheads(operation, policy), // innermost: a place is held until the work has really ended
      ),
    local: (operation, policy = {}) => stack(...shared(operation, policy), timeouts, ...bulkheads(operation, policy)), // one place to go to
    endpoints: registry.endpoints,
    health: registry.health,
    update(limits) {
      if (limits.retry !== undefined) retries.update(limits.retry);
      if (limits.retryBudget !== undefined) budgets.update(limits.retryBudget);
      if (limits.circuitBreaker !== undefined) breakers.update(limits.circuitBreaker);
      if (limits.timeout !== undefined) timeouts.update(limits.timeout);
    },
  };
}

interface BulkheadsOptions {
  readonly clock: Clock;
  readonly observe: (event: ResilienceEvent) => void;
  readonly add: (made: Bulkhead) => void;
}

/** One bulkhead for all operations of a target whose policy says so for all, one of its own for each that says so itself. */
function bulkheadsBy({ clock, observe, add }: BulkheadsOptions) {
  const made = new Map<string, Bulkhead>();
  return ({ service, name }: HttpOperation, { bulkhead: limits }: CallPolicy): readonly Layer<unknown, unknown>[] => {
    if (limits === undefined) return [];
    const key = limits.of === 'target' ? service : `${service}.${name}`;
    let kept = made.get(key);
    if (kept === undefined) {
      kept = bulkhead({ ...limits, clock, name: key, observe });
      made.set(key, kept);
      add(kept);
    }
    return [kept.layer()];
  };
}

/** Counts what happened, and logs what a person should know. */
function teller({ log, metrics }: Telemetry): (event: ResilienceEvent) => void {
  const events = metrics.counter(
    'dure_resilience_events',
    'Retries, timeouts, hedges, fallbacks, full bulkheads and changes of circuit breakers',
  );
  return (event) => {
    switch (event.kind) {
      case 'retrying':
      case 'recovered':
      case 'gave-up':
      case 'timed-out':
      case 'hedged':
      case 'hedge-won':
      case 'hedge-denied':
        events.add(1, { kind: event.kind, service: event.operation.service });
        return;
      case 'fell-back': {
        const { call, mark, operation } = event;
        const name = `${operation.service}.${operation.name}`;
        log.warn(`${name} was answered by its fallback (${mark.kind})`, { error: mark.error, trace: call.trace });
        events.add(1, { kind: event.kind, service: operation.service });
        return;
      }
      case 'opened': {
        const { name, openMs, failureRatio, slowRatio } = event;
        const why = `${percent(failureRatio)} of the calls failed, ${percent(slowRatio)} were slow`;
        log.warn(`the circuit breaker of ${name} opened for ${openMs} ms: ${why}`);
        break;
      }
      case 'closed':
        log.info(`the circuit breaker of ${event.name} closed`);
        break;
      case 'switched':
        log.warn(`the circuit breaker of ${event.name} was switched to ${event.to}`);
        break;
      case 'half-opened':
      case 'rejected':
        break;
      case 'bulkhead-full':
      case 'bulkhead-queued':
        events.add(1, { kind: event.kind, name: event.name });
        return;
      default:
        return;
    }
    events.add(1, { kind: `breaker-${event.kind}` });
  };
}

function percent(ratio: number): string {
  return `${Math.round(ratio * 100)} %`;
}

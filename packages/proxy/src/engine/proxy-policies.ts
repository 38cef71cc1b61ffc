import type { InstanceList } from '@dure/balancer';
import type { Clock, HealthCheck, ManagementEndpoint } from '@dure/core';
import type { BreakerLimits, ResilienceEvent } from '@dure/resilience';
import { retryBudget as checkedBudget, policyRegistry, retryBudgets } from '@dure/resilience';
import type { Telemetry } from '@dure/telemetry';
import type { InstanceBreakers } from './instance-breakers.ts';
import { instanceBreakers } from './instance-breakers.ts';

/** Slow instances are the balancer's business: what a proxy could time is the client's slowness too. */
export type FailureLimits = Omit<BreakerLimits, 'slowCallMs' | 'slowRatio'>;

/** What keeps a proxy from making bad things worse. */
export interface PolicyOptions {
  /** When the breaker of an instance and an operation opens; `off` for none. Default: half of at least 10 of the last 50 failed. */
  readonly breaker?: FailureLimits | 'off';
  /** How many requests may be sent again: this share of all, and so many a second on top. Default 0.2 and 10. */
  readonly retryBudget?: { readonly ratio?: number; readonly perSecond?: number };
}

/** The policies of one proxy. */
export interface ProxyPolicies {
  /** A request for a service was let in; `share`, 0 to 1, when its caller allows only so many of the usual retries. */
  asked(service: string, share: number): void;
  /** Whether a request that failed at one instance may be sent to another; takes it out of the service's budget. */
  mayRetry(service: string): boolean;
  readonly breakers: InstanceBreakers | undefined;
  /** `circuitbreakers`, `retries` and their events. */
  readonly endpoints: readonly ManagementEndpoint[];
  readonly health: HealthCheck;
}

export interface PolicyTools {
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  readonly instances: InstanceList;
}

/** Makes a proxy's policies. RESILIENCE_OPTION_INVALID when a limit makes no sense. */
export function proxyPolicies(
  name: string,
  { breaker = {}, retryBudget = {} }: PolicyOptions,
  { clock, telemetry, instances }: PolicyTools,
): ProxyPolicies {
  const registry = policyRegistry({ clock });
  const tell = teller(name, telemetry);
  const observe = (event: ResilienceEvent) => {
    registry.observe(event);
    tell(event);
  };
  checkedBudget({ clock, ...retryBudget });
  const budgets = retryBudgets({ clock, ...retryBudget });
  const breakers = breaker === 'off' ? undefined : instanceBreakers({ clock, instances, limits: breaker, observe });
  registry.add(budgets);
  if (breakers !== undefined) registry.add(breakers);
  const { metrics } = telemetry;
  const retries = metrics.counter(`dure_${name}_retries`, 'Attempts after the first, and those the budget refused');
  return {
    asked: (service, share) => budgets(service).deposit(share),
    mayRetry(service) {
      const isAllowed = budgets(service).withdraw();
      retries.add(1, { service, result: isAllowed ? 'sent' : 'refused' });
      return isAllowed;
    },
    breakers,
    endpoints: registry.endpoints,
    health: registry.health,
  };
}

function teller(name: string, { log, metrics }: Telemetry): (event: ResilienceEvent) => void {
  const changes = metrics.counter(`dure_${name}_breaker_events`, 'Changes of circuit breakers, and attempts refused');
  return (event) => {
    switch (event.kind) {
      case 'opened':
        log.warn(`the circuit breaker of ${event.name} opened for ${event.openMs} ms`, {
          failureRatio: event.failureRatio,
        });
        break;
      case 'closed':
        log.info(`the circuit breaker of ${event.name} closed`);
        break;
      case 'half-opened':
      case 'rejected':
        break;
      default:
        return;
    }
    changes.add(1, { kind: event.kind });
  };
}

import type { Balancer } from '@dure/balancer';
import type { Call, Clock, Layer, Random } from '@dure/core';
import { isRefusal, stack } from '@dure/core';
import type { BreakerEvent, CircuitBreakers, RetryEvent, TimeoutEvent } from '@dure/resilience';
import { circuitBreakers, deadline, retry, retryBudgets, timeout } from '@dure/resilience';
import type { Telemetry } from '@dure/telemetry';
import { traced } from '@dure/telemetry';
import { serviceErrors } from '../errors.ts';

/** What the outbound layers of one service share: budgets and breakers belong to the caller, not to a client. */
export interface OutboundOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly telemetry: Telemetry;
  readonly balancer: Balancer;
}

/** Layers for calls over the network, and for calls to a service in the same host. */
export interface OutboundLayers {
  readonly remote: Layer<unknown, unknown>;
  readonly local: Layer<unknown, unknown>;
}

/** The layers between a caller and another service, made once per calling service; outermost first. */
export function outboundLayers(options: OutboundOptions): OutboundLayers {
  const { clock, random, telemetry, balancer } = options;
  const observe = observer(telemetry);
  const breakers = circuitBreakers({ clock, observe });
  const shared: readonly Layer<unknown, unknown>[] = [
    traced(telemetry, 'client'), // outermost: the span covers every attempt
    deadline({ clock }), // before retry: attempts share what is left
    retry({ clock, random, budget: retryBudgets({ clock }), observe }), // attempts share deadline and budget
  ];
  return {
    remote: stack(
      ...shared,
      balanced(balancer), // picks anew for each attempt; skips tried instances
      breaking(breakers), // per instance and operation: knows where the attempt goes
      timeout({ clock, observe }), // innermost: one attempt
    ),
    local: stack(...shared, timeout({ clock, observe })), // one place to go to: nothing to pick, nothing to break
  };
}

function balanced(balancer: Balancer): Layer<unknown, unknown> {
  return (next) => async (input, call) => {
    const picked = balancer.pick(call.operation.service, call.attempt.tried);
    if (picked === undefined) {
      throw serviceErrors.NO_INSTANCE(`no instance of "${call.operation.service}" is up`, {
        details: { service: call.operation.service, sent: false },
      });
    }
    const { id, host, port } = picked.instance;
    try {
      const output = await next(input, call.with({ attempt: { ...call.attempt, target: { id, host, port } } }));
      picked.done('success');
      return output;
    } catch (error) {
      picked.done(isRefusal(error) ? 'success' : call.signal.aborted ? 'cancelled' : 'failure');
      throw error;
    }
  };
}

function breaking(breakers: CircuitBreakers): Layer<unknown, unknown> {
  return (next) => (input, call) => breakers.of(breakerName(call)).layer<unknown, unknown>()(next)(input, call);
}

function breakerName({ attempt, operation }: Call): string {
  return `${attempt.target?.id ?? operation.service} ${operation.name}`;
}

function observer({ log, metrics }: Telemetry): (event: BreakerEvent | RetryEvent | TimeoutEvent) => void {
  const events = metrics.counter('dure_resilience_events', 'Retries, timeouts and changes of circuit breakers');
  return (event) => {
    switch (event.kind) {
      case 'retrying':
      case 'gave-up':
      case 'timed-out':
        events.add(1, { kind: event.kind, service: event.operation.service });
        return;
      case 'opened':
        log.warn(
          `the circuit breaker of ${event.name} opened for ${event.openMs} ms: ${Math.round(event.failureRatio * 100)} % of the calls failed`,
        );
        break;
      case 'closed':
        log.info(`the circuit breaker of ${event.name} closed`);
        break;
      case 'half-opened':
      case 'rejected':
        break;
    }
    events.add(1, { kind: `breaker-${event.kind}` });
  };
}

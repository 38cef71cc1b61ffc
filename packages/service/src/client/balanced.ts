import type { Balancer, Outcome, Picked, PickFor } from '@dure/balancer';
import type { Call, DureError, Layer } from '@dure/core';
import { isDureError } from '@dure/core';
import type { CircuitBreakers } from '@dure/resilience';
import { resilienceErrors, verdictOf } from '@dure/resilience';
import { isBytes } from '../contract/bytes.ts';
import type { HttpOperation } from '../contract/index.ts';
import { serviceErrors } from '../errors.ts';

/** What a caller wants of the instance that a call goes to. */
export type Preference = (input: unknown, call: Call) => PickFor;

/** More instances than these are not looked at for one whose breaker lets calls through. */
const mostOpen = 8;

/**
 * Picks an instance for each attempt: not one that was tried, nor one whose breaker is open, as long as there is another.
 * SERVICE_NO_INSTANCE when there is none at all. The balancer learns how the call ended; that a breaker or a full bulkhead
 * here let nothing out says nothing about the instance, least of all that it is quick.
 */
export function balanced(
  operation: HttpOperation,
  balancer: Balancer,
  breakers: CircuitBreakers,
  prefer?: Preference,
): Layer<unknown, unknown> {
  const took = operation.spec.stream === true || isBytes(operation.spec.output) ? 'unmeasured' : undefined;
  return (next) => async (input, call) => {
    const picked = pick(balancer, breakers, call, prefer?.(input, call));
    const { id, host, port, secure = false } = picked.instance;
    const target = { id, host, port, ...(secure ? { secure } : {}) };
    try {
      const output = await next(input, call.with({ attempt: { ...call.attempt, target } }));
      picked.done('success', took);
      return output;
    } catch (error) {
      picked.done(outcomeOf(error, call), took);
      throw error;
    }
  };
}

/** A breaker for each instance and operation: stands inside `balanced`, which knows where the attempt goes. */
export function breaking(breakers: CircuitBreakers): Layer<unknown, unknown> {
  return (next) => (input, call) => breakers.of(breakerName(call.attempt.target?.id, call)).call(next, input, call);
}

function pick(balancer: Balancer, breakers: CircuitBreakers, call: Call, want: PickFor | undefined): Picked {
  const { service } = call.operation;
  let avoided = call.attempt.tried;
  for (let open = 0; ; open += 1) {
    const picked = balancer.pick(service, avoided, want);
    if (picked === undefined) {
      throw serviceErrors.NO_INSTANCE(`no instance of "${service}" is up`, { details: { service, sent: false } });
    }
    const { id } = picked.instance;
    const isClosed = breakers.peek(breakerName(id, call))?.permits !== false;
    if (isClosed || open === mostOpen || avoided.includes(id)) return picked;
    picked.done('cancelled');
    avoided = [...avoided, id];
  }
}

function breakerName(instance: string | undefined, { operation }: Call): string {
  return `${instance ?? operation.service} ${operation.name}`;
}

/** A refusal, or a mistake of the caller's, is a sign of life. An instance that limits its callers, or has too many, had better be spared. */
function outcomeOf(error: unknown, { signal }: Call): Outcome {
  if (signal.aborted) return 'cancelled';
  if (isDureError(error) && isBusy(error) && error.details.sent !== false) return 'failure';
  switch (verdictOf(error)) {
    case 'failure':
      return 'failure';
    case 'nothing':
      return 'cancelled';
    default:
      return 'success';
  }
}

function isBusy({ kind, code }: DureError): boolean {
  return kind === 'limited' || code === resilienceErrors.OVERLOADED.code;
}

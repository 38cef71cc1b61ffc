import type { Call, Layer } from '@dure/core';
import type { Telemetry } from '@dure/telemetry';

export interface UnitOfWorkWatchOptions {
  readonly telemetry: Telemetry;
  /** Whether a unit of work of the caller is open that the call belongs to. */
  readonly inUnit: (call: Call) => boolean;
}

/**
 * Tells of calls that are made while a unit of work of the caller is open, such as `stock.hold(…)` within `uow(…)`: counts them all, and warns of each
 * operation once. The transaction keeps its connection and its locks for as long as the other service takes; it may run again, and the call with
 * it; and what the call did is not taken back with it. The call goes on all the same. One watch serves all clients of a service.
 */
export function unitOfWorkWatch({ telemetry, inUnit }: UnitOfWorkWatchOptions): Layer<unknown, unknown> {
  const made = telemetry.metrics.counter(
    'service_calls_in_units_of_work',
    'Calls to other services that were made while a unit of work was open',
  );
  const warned = new Set<string>();
  return (next) => (input, call) => {
    if (inUnit(call)) {
      const { service, name } = call.operation;
      const operation = `${service}.${name}`;
      made.add(1, { operation });
      if (!warned.has(operation)) {
        warned.add(operation);
        telemetry.log.warn(
          `${operation} is called inside a unit of work, which keeps its connection and its locks meanwhile and does not take the call back: call before or after, or tx.send a command`,
          { operation, trace: call.trace },
        );
      }
    }
    return next(input, call);
  };
}

import type { Call, Clock } from '@dure/core';
import { timeLeftMs, wait } from '@dure/core';
import { eventSourcingErrors } from '@dure/event-sourcing';

/** What happens to a read whose caller has seen more than what is read holds. */
export interface ReadPolicy {
  /** How long it is waited for, in milliseconds; never beyond the call's deadline. Default 200. */
  readonly waitMs?: number;
  /** Then: answered as it is, and the answer says so in `Dure-Fallback`; or EVENT_SOURCING_READ_STALE. Default `stale`. */
  readonly otherwise?: 'stale' | 'fail';
}

/** Something that is made of a service's log. */
export interface ReadModel {
  /** Whose log it is made of. */
  readonly source: string;
  /** `order.order-board`, as the answer names it. */
  readonly name: string;
  /** Whether it holds everything up to a position. */
  holds(position: number): Promise<boolean>;
}

const lookAgainMs = 10;

/** Waits until a read model holds what the call has seen; whether it does. EVENT_SOURCING_READ_STALE by policy. */
export async function untilFresh(
  model: ReadModel,
  call: Call,
  clock: Clock,
  policy: ReadPolicy = {},
): Promise<boolean> {
  const { waitMs = 200, otherwise = 'stale' } = policy;
  const position = call.positions.of(model.source);
  if (position === 0) return true;
  const until = clock.monotonicMs() + Math.min(waitMs, timeLeftMs(call, clock));
  while (!(await model.holds(position))) {
    if (clock.monotonicMs() < until && (await wait(clock, lookAgainMs, call.signal))) continue;
    if (otherwise === 'fail') {
      throw eventSourcingErrors.READ_STALE(
        `${model.name} does not hold position ${position} of ${model.source} yet, which the caller has seen`,
        { details: { readModel: model.name, source: model.source, position } },
      );
    }
    call.fallbacks.add({ operation: model.name, kind: 'last-good' });
    return false;
  }
  return true;
}

import type { Layer } from '@dure/core';

/**
 * A layer whose limits may change while running: what is left out stays, `undefined` brings back the default, and what is
 * wrong is RESILIENCE_OPTION_INVALID and changes nothing.
 */
export type Adjustable<In, Out, Limits> = Layer<In, Out> & { readonly update: (limits: Limits) => void };

/** A layer that reads its limits through `limits()`, and checks a change as a whole before it holds. */
export function adjustable<In, Out, Limits extends object>(
  initial: Limits,
  check: (limits: Limits) => void,
  make: (limits: () => Limits) => Layer<In, Out>,
): Adjustable<In, Out, Limits> {
  check(initial);
  let limits = initial;
  const update = (change: Limits) => {
    const merged = { ...limits, ...change };
    check(merged);
    limits = merged;
  };
  return Object.assign(
    make(() => limits),
    { update },
  );
}

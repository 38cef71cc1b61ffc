import type { Call, DureError, Layer } from '@dure/core';
import { cancelled, nameOf } from './deadline.ts';
import { DerivedSignal } from './derived-signal.ts';
import { resilienceErrors } from './errors.ts';

/**
 * Ends calls when the part that makes them stops: RESILIENCE_SHUT_DOWN, at once, and never mistaken for a caller who
 * left or for a timeout. Calls under way learn of it by `call.signal`, whose reason is the same error. One listener on
 * `stopping` serves all calls.
 *
 * @example
 * const stopping = new AbortController();
 * stack(shutdown(stopping.signal), retry({ … }), timeout({ clock }))(send);
 */
export function shutdown<In, Out>(stopping: AbortSignal): Layer<In, Out> {
  const underWay = new Set<() => void>();
  stopping.addEventListener('abort', () => {
    for (const stop of [...underWay]) stop();
  });
  return (next) => async (input, call) => {
    if (stopping.aborted) throw stopped(call, stopping.reason, false);
    if (call.signal.aborted) throw cancelled(call);
    const derived = new DerivedSignal(call);
    const { promise: ended, reject: end } = Promise.withResolvers<never>();
    const stop = () => {
      const reason = stopped(call, stopping.reason, true);
      end(reason);
      derived.abort(reason);
    };
    underWay.add(stop);
    try {
      return await Promise.race([next(input, call.with({ signal: derived.get })), ended]);
    } finally {
      underWay.delete(stop);
      derived.release();
    }
  };
}

function stopped(call: Call, cause: unknown, sent: boolean): DureError {
  const operation = nameOf(call);
  return resilienceErrors.SHUT_DOWN(`${operation}: what makes this call is stopping`, {
    cause,
    details: sent ? { operation } : { operation, sent },
  });
}

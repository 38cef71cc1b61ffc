import type { Call } from '@dure/core';
import { resilienceErrors } from '@dure/resilience';
import { interrupted, interruptible } from '../interruptible.ts';

/** A stream that ends in RESILIENCE_CANCELLED as soon as its caller leaves: the layers guard only how it begins. */
export async function* followed<T>(items: AsyncIterable<T>, call: Call): AsyncGenerator<T> {
  const iterator = items[Symbol.asyncIterator]();
  const waiting = interruptible(call.signal);
  try {
    for (;;) {
      const next = await waiting.wait(iterator.next());
      if (next === interrupted) {
        const name = `${call.operation.service}.${call.operation.name}`;
        throw resilienceErrors.CANCELLED(`${name}: the caller has gone while the answer was still coming`, {
          cause: call.signal.reason,
          details: { operation: name },
        });
      }
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    waiting.end();
    // Not awaited: a generator that waits for something else would hold us up until that comes.
    iterator.return?.().catch(() => {});
  }
}

import type { Clock } from '@dure/core';
import { wait } from '@dure/core';
import { messagingErrors } from './errors.ts';

/**
 * A broker's answer, or MESSAGING_BROKER_UNAVAILABLE when none comes in time: clients of brokers are known to wait for ever for the
 * answer of a connection that was lost.
 */
export async function answeredInTime<T>(clock: Clock, timeoutMs: number, what: string, answer: Promise<T>): Promise<T> {
  const over = new AbortController();
  answer.catch(() => undefined);
  const late = wait(clock, timeoutMs, over.signal).then((passed): T | Promise<T> => {
    if (!passed) return answer;
    throw messagingErrors.BROKER_UNAVAILABLE(`${what} has had no answer for ${timeoutMs} ms`);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    over.abort();
  }
}

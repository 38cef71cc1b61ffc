import type { Attempt } from './attempt.ts';
import { decodeAttempt } from './attempt.ts';
import { tabStorage } from './tab-storage.ts';

const attemptKey = 'dure.attempt';

/** The attempt to buy that has no answer yet, also after a reload. */
export function openAttempt(): Attempt | undefined {
  return decodeAttempt(tabStorage.read(attemptKey));
}

/** Remembers the attempt before it is sent; undefined when it was answered. */
export function keepAttempt(attempt: Attempt | undefined): void {
  tabStorage.write(attemptKey, attempt === undefined ? null : JSON.stringify(attempt));
}

/** Remembers in which trace an order was placed, for the link to the console. */
export function keepTrace(orderId: string, traceId: string | undefined): void {
  tabStorage.write(`dure.trace.${orderId}`, traceId ?? null);
}

/** The trace in which an order was placed, if it was in this tab. */
export function traceOfOrder(orderId: string): string | undefined {
  return tabStorage.read(`dure.trace.${orderId}`) ?? undefined;
}

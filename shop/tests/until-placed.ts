import assert from 'node:assert/strict';
import type { Answer, Customer } from './customer.ts';
import { isPassing, pause } from './decided-orders.ts';

/** A client that retries with the same key, also when it gets no connection, until it is told that the order is placed. */
export async function untilPlaced(
  kim: Customer,
  { sku, quantity, method, withinMs }: Wanted,
): Promise<{ readonly orderId: string; readonly tries: number }> {
  const key = crypto.randomUUID();
  const until = performance.now() + withinMs;
  let last: Answer | undefined;
  for (let tries = 1; performance.now() < until; tries += 1) {
    last = await kim.order(sku, quantity, method, key).catch(() => undefined);
    if (last?.status === 202) return { orderId: String(last.body.orderId), tries };
    assert.ok(last === undefined || isPassing(last), `${last?.status} ${JSON.stringify(last?.body)}`);
    await pause(250);
  }
  throw new assert.AssertionError({
    message: `an order was not placed within ${withinMs} ms; last: ${last?.status} ${JSON.stringify(last?.body)}`,
  });
}

/** What is to be ordered, and for how long it is tried. */
export interface Wanted {
  readonly sku: string;
  readonly quantity: number;
  readonly method: string;
  readonly withinMs: number;
}

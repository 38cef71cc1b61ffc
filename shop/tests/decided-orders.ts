import assert from 'node:assert/strict';
import type { Answer, Customer } from './customer.ts';

/** The state of every order of a customer, as soon as none is pending any more. Fails after `withinMs`. */
export async function decidedOrders(kim: Customer, withinMs: number): Promise<ReadonlyMap<string, string>> {
  const until = performance.now() + withinMs;
  for (;;) {
    const states = await allOrders(kim);
    if (states !== undefined && ![...states.values()].includes('pending')) return states;
    if (performance.now() > until) {
      assert.fail(
        `after ${withinMs} ms: ${JSON.stringify(states === undefined ? 'the orders cannot be listed' : countBy(states))}`,
      );
    }
    await pause(250);
  }
}

/** How many orders are in each state. */
export function countBy(states: ReadonlyMap<string, string>): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const state of states.values()) counts[state] = (counts[state] ?? 0) + 1;
  return counts;
}

/** Waits, in real time. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Whether the same request may succeed a moment later. A token that is refused (401) is refused for good. */
export function isPassing({ status }: Answer): boolean {
  return status >= 500 || status === 429;
}

/** Undefined while the orders cannot be listed, for want of a connection or of a service. */
async function allOrders(kim: Customer): Promise<ReadonlyMap<string, string> | undefined> {
  const states = new Map<string, string>();
  for (let after = ''; ; ) {
    const answer = await kim.ask('GET', `/orders?limit=50${after}`).catch(() => undefined);
    if (answer === undefined || isPassing(answer)) return undefined;
    const { status, body } = answer;
    assert.equal(status, 200, JSON.stringify(body));
    for (const { orderId, state } of body.orders as { orderId: string; state: string }[]) states.set(orderId, state);
    if (body.next === null || body.next === undefined) return states;
    after = `&after=${String(body.next)}`;
  }
}

import { stack } from '@dure/core';
import type { Client } from '../client/client.ts';
import { buildClient, withoutTies } from '../client/make-client.ts';
import type { AnyContract, HttpOperation } from '../contract/index.ts';
import type { MockAnswers, MockedCall, MockedCalls } from './mock-answers.ts';
import { afterNetwork, mockHandler } from './mock-answers.ts';

/** A client that a test has given the answers to; each operation tells how it was called. */
export type MockClient<C extends AnyContract> = {
  readonly [Name in keyof C['operations']]: Client<C>[Name] & {
    readonly calls: C['operations'][Name] extends HttpOperation<infer S> ? readonly MockedCall<S>[] : never;
  };
};

/**
 * A client for tests, of the same type as the real one. Inputs and outputs are checked against the contract and copied as
 * by the network, so that a mock cannot lie: SERVICE_INPUT_INVALID, SERVICE_OUTPUT_INVALID. What is not mocked rejects with
 * SERVICE_NOT_MOCKED.
 *
 * @example
 * const inventory = mockClient(inventoryContract, {
 *   getStock: { left: 3 },
 *   reserve: ({ body }) => { throw inventoryContract.refuse.reserve.OutOfStock({ sku: body.sku, available: 0 }); },
 * });
 * …
 * assert.equal(inventory.reserve.calls.length, 1);
 */
export function mockClient<C extends AnyContract>(contract: C, answers: MockAnswers<C> = {}): MockClient<C> {
  const calls: MockedCalls = new Map();
  const client = buildClient(contract, (operation, { aroundAttempt = [] }) => {
    const answer = mockHandler(operation, answers, calls);
    return stack(...aroundAttempt)(async (input, call) =>
      afterNetwork(operation.spec, await answer(withoutTies(operation.spec, input ?? {}), call)),
    );
  });
  for (const [name, operation] of Object.entries(client))
    Object.defineProperty(operation, 'calls', { value: calls.get(name) });
  return client as unknown as MockClient<C>;
}

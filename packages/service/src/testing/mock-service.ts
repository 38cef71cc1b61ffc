import type { Instance } from '@dure/balancer';
import { staticInstance } from '@dure/balancer';
import type { Identity } from '@dure/core';
import { ids, systemClock, systemRandom } from '@dure/core';
import { silentTelemetry } from '@dure/telemetry';
import type { AnyContract, HttpOperation } from '../contract/index.ts';
import { openApiListener } from '../server/api-listener.ts';
import { operationSet } from '../server/operation-set.ts';
import type { MockAnswers, MockedCall, MockedCalls } from './mock-answers.ts';
import { mockHandler } from './mock-answers.ts';

/** A service that a test has given the answers to, on a port of its own. */
export interface MockService<C extends AnyContract> extends AsyncDisposable {
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  /** For an instance list. */
  readonly instance: Instance;
  /** How each operation was called. */
  readonly calls: {
    readonly [Name in keyof C['operations']]: C['operations'][Name] extends HttpOperation<infer S>
      ? readonly MockedCall<S>[]
      : never;
  };
}

/**
 * Serves a contract over HTTP with a mock's answers, for tests that go over the network. Speaks like a Dure service: checks
 * inputs and outputs, demands a token where the contract does, and takes any. SERVICE_NOT_MOCKED (404) for what has no answer.
 *
 * @example
 * await using stock = await mockService(stockContract, { getStock: { left: 3 } });
 * const list = staticInstances({ stock: [stock.instance] });
 */
export async function mockService<C extends AnyContract>(
  contract: C,
  answers: MockAnswers<C> = {},
): Promise<MockService<C>> {
  const calls: MockedCalls = new Map();
  const operations = Object.values(contract.operations);
  const handlers = Object.fromEntries(
    operations.map((operation) => [operation.name, mockHandler(operation, answers, calls)]),
  );
  const kit = { clock: systemClock, ids: ids(systemClock, systemRandom), telemetry: silentTelemetry() };
  const listener = await openApiListener(
    {
      ...kit,
      service: contract.name,
      operations: operationSet(contract, handlers, { ...kit, idempotency: undefined, strictOutput: true }),
      routes: [],
      verifier: { verify: async () => anybodyAllowed(operations) },
    },
    { host: '127.0.0.1', port: 0 },
  );
  const url = `http://127.0.0.1:${listener.port}`;
  return {
    url,
    instance: staticInstance(contract.name, url),
    calls: Object.fromEntries(calls) as unknown as MockService<C>['calls'],
    [Symbol.asyncDispose]: () => listener.close(0),
  };
}

function anybodyAllowed(operations: readonly HttpOperation[]): Identity {
  const demanded = operations.map(({ spec }) => spec.access);
  const roles = demanded.flatMap((access) => (typeof access === 'object' && 'role' in access ? [access.role] : []));
  const scopes = demanded.flatMap((access) => (typeof access === 'object' && 'scope' in access ? [access.scope] : []));
  const granted = demanded.flatMap((access) =>
    typeof access === 'object' && 'userScope' in access ? [access.userScope] : [],
  );
  const user: Identity = { kind: 'user', subject: 'test-user', roles, scopes: granted };
  return { kind: 'service', subject: 'test', roles: [], scopes, onBehalfOf: user };
}

import type { Call, Identity } from '@dure/core';
import { ids, seededRandom, systemClock } from '@dure/core';
import { testCall } from '@dure/core/testing';
import type { AnyProjection } from '@dure/event-sourcing';
import type { Database, PostgresResource, StartSaga, Tx } from '@dure/postgres';
import { openDatabase } from '@dure/postgres';
import { testDatabase } from '@dure/postgres/testing';
import type { AnyContract } from '@dure/service/contract';
import type { Handlers, HttpRoute, Platform, ServiceDefinition } from '@dure/service/server';
import type { TestConfig } from '@dure/service/testing';
import { testConfig } from '@dure/service/testing';
import { silentTelemetry } from '@dure/telemetry';

type AnyTx = Tx<unknown>;

/** One service on a database of its own, called directly: no network, no other service. */
export interface ServiceBench<C extends AnyContract> extends AsyncDisposable {
  readonly handlers: Handlers<C, AnyTx>;
  readonly db: Database;
  /** As the owner of the tables. */
  readonly ownerUrl: string;
  readonly routes: readonly HttpRoute[];
  /** The sagas that were started, as `[name, input]`; none of them runs. */
  readonly started: readonly (readonly [string, unknown])[];
  /** Carries out a command in a transaction, as its delivery does. */
  carryOut<T>(work: (tx: AnyTx) => Promise<T>): Promise<T>;
  /** What the service's own log holds, as `[type, data]`. */
  messages(): Promise<readonly (readonly [string, unknown])[]>;
}

export interface BenchOptions {
  readonly seeds?: boolean;
  /** Stand-ins for the services it uses, by name. */
  readonly uses?: Readonly<Record<string, unknown>>;
  /** Default: nothing is configured. */
  readonly config?: TestConfig;
}

/** Starts a service without a host. */
export async function serviceBench<C extends AnyContract>(
  contract: C,
  definition: ServiceDefinition,
  options: BenchOptions = {},
): Promise<ServiceBench<C>> {
  const { folder } = definition.database as PostgresResource<unknown>;
  const database = await testDatabase({ folder, seeds: options.seeds ?? false });
  const random = seededRandom(1);
  const idSource = ids(systemClock, random);
  const telemetry = silentTelemetry(idSource, contract.name);
  const parts = { clock: systemClock, ids: idSource, telemetry };
  const started: (readonly [string, unknown])[] = [];
  const startSaga: StartSaga = (_inside, { name }, input) => void started.push([name, input]);
  const projections = definition.projections as unknown as readonly AnyProjection[];
  const db = openDatabase({ url: database.url, service: contract.name, startSaga, projections, ...parts });
  await db.projections.ready();
  const routes: HttpRoute[] = [];
  const handlers = await definition.start({
    ...parts,
    ...(options.config ?? testConfig(definition)),
    uses: (options.uses ?? {}) as never,
    db,
    random,
    log: telemetry.log,
    add: {
      route: (route) => void routes.push(route),
      health: () => undefined,
      endpoint: () => undefined,
      onStop: () => undefined,
      listener: () => undefined,
    },
    platform,
  });
  return {
    handlers: handlers as unknown as Handlers<C, AnyTx>,
    db,
    ownerUrl: database.ownerUrl,
    routes,
    started,
    carryOut: (work) => db.uow(testCall(), work),
    async messages() {
      const page = await db.log.read(
        0,
        { events: contract.emits.map(({ name }) => name), destination: undefined },
        100,
      );
      return page.messages.map(({ type, data }) => [type, data]);
    },
    async [Symbol.asyncDispose]() {
      await db.close();
      await database[Symbol.asyncDispose]();
    },
  };
}

const platform: Platform = {
  instances: { instances: () => [], onChange: () => () => undefined },
  signer: { authorize: async () => 'Bearer none' },
  verifier: { verify: async () => userIdentity('01900000-0000-7000-8000-0000000000aa') },
  userTokens: {
    issue: async ({ subject, roles }) => ({ token: `${subject}:${roles.join()}`, expiresAt: Date.UTC(2026, 0, 2) }),
    jwks: { keys: [{ kid: 'bench' }] },
  },
};

/** Somebody who is signed in. */
export function userIdentity(subject: string, ...roles: readonly string[]): Identity {
  return { kind: 'user', subject, roles: ['customer', ...roles], scopes: [] };
}

/** A call of a signed-in user; with a key for an operation that is idempotent by it. */
export function callOf<C extends AnyContract>(
  contract: C,
  operation: keyof C['operations'] & string,
  change: { readonly user?: string; readonly key?: string; readonly inputHash?: string } = {},
): Call {
  const found = contract.operations[operation];
  return testCall({
    ...(found === undefined ? {} : { operation: found }),
    ...(change.user === undefined ? {} : { identity: userIdentity(change.user) }),
    idempotencyKey: change.key,
    inputHash: change.inputHash ?? change.key,
  });
}

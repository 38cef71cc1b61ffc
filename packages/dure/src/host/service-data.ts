import type { HealthCheck, ManagementEndpoint } from '@dure/core';
import type { FeedConsumer } from '@dure/messaging/feed';
import { feedRoute } from '@dure/messaging/feed';
import type { TimerRunner } from '@dure/messaging/timers';
import { startTimers } from '@dure/messaging/timers';
import type { PostgresResource, Tx } from '@dure/postgres';
import { openDatabase, postgresSagaFence, postgresSagaStore, startSagas } from '@dure/postgres';
import type { AnySaga, SagaRunner } from '@dure/saga';
import { fenced, sagaRunner } from '@dure/saga';
import type { HttpRoute, IdempotencyStore, RunningService, ServiceDefinition } from '@dure/service/server';
import type { Telemetry } from '@dure/telemetry';
import { dureErrors } from '../errors.ts';
import { consume } from './consume.ts';
import type { Dispatch } from './deliveries.ts';
import { dispatcher } from './deliveries.ts';
import { ownFollowers } from './own-followers.ts';
import { sagasEndpoint } from './sagas-endpoint.ts';
import type { ProcessKit, ServiceKit } from './service-kit.ts';
import { timersEndpoint } from './timers-endpoint.ts';

/** A service's data, and everything that runs on it: its feed, the feeds it pulls, its sagas. */
export interface ServiceData {
  readonly db: unknown;
  /** Undefined where nothing can be changed by a caller. */
  readonly idempotency?: IdempotencyStore;
  readonly routes: readonly HttpRoute[];
  readonly health: readonly HealthCheck[];
  readonly endpoints: readonly ManagementEndpoint[];
  /** Begins to pull messages and to move sagas on. */
  run(running: RunningService): void;
  /** Lets what is at hand end; the database stays open for the requests in flight. */
  stopRunning(): Promise<void>;
  close(): Promise<void>;
}

/** Opens the PostgreSQL database of a service. DURE_SYSTEM_INVALID when the run file has none for it. */
export function openServiceData(definition: ServiceDefinition, kit: ServiceKit, process: ProcessKit): ServiceData {
  const { database } = definition;
  const { name, service, telemetry } = kit;
  if (service.databaseUrl === undefined)
    throw dureErrors.SYSTEM_INVALID(`the run file has no database for the service "${name}"`);
  const { clock, random, ids } = process.machine;
  const definitions = definition.sagas as unknown as readonly AnySaga[];
  const startSaga = definitions.length === 0 ? {} : { startSaga: startSagas({ definitions, clock, ids }) };
  const layers = (database as PostgresResource<unknown>).layers?.({ clock, policies: kit.policies }) ?? [];
  const opened = { url: service.databaseUrl, service: name, clock, random, ids, telemetry, layers };
  const db = openDatabase({ ...opened, ...startSaga });
  process.logs.set(name, db);
  const runner =
    definitions.length === 0
      ? undefined
      : sagaRunner<Tx>({
          service: name,
          definitions,
          store: postgresSagaStore(db),
          unitOfWork: db,
          clock,
          ids,
          telemetry,
        });
  const consumers: FeedConsumer[] = [];
  let timers: TimerRunner | undefined;
  const followers = ownFollowers(definition, db, kit, process.machine);
  return {
    db,
    idempotency: db.idempotency,
    routes: [feedRoute({ service: name, log: db.log, tail: db.tail, grants: service.grants, clock })],
    health: [db.health, ...(runner === undefined ? [] : [runner.health])],
    endpoints: [
      ...followers.endpoints,
      timersEndpoint(db.timers),
      ...(runner === undefined ? [] : [sagasEndpoint(runner, postgresSagaStore(db), name, ids)]),
    ],
    run(running) {
      const dispatch = dispatching(running, definition, runner, telemetry);
      consumers.push(...consume(dispatch, db.deliveries, kit, process));
      followers.run(dispatch);
      timers = startTimers({ store: db.timers, clock, telemetry });
      runner?.run();
    },
    async stopRunning() {
      await Promise.all([
        ...consumers.map((consumer) => consumer.close()),
        followers.close(),
        timers?.close(),
        runner?.close(),
      ]);
    },
    close: () => db.close(),
  };
}

function dispatching(
  { handlers }: RunningService,
  definition: ServiceDefinition,
  runner: SagaRunner<Tx> | undefined,
  { log }: Telemetry,
): Dispatch<Tx> {
  const reply =
    runner === undefined
      ? undefined
      : (...delivered: Parameters<SagaRunner<Tx>['handleReply']>) => runner.handleReply(...delivered);
  return dispatcher<Tx>({ definition, handlers, log, fenced: fenced(postgresSagaFence()), reply });
}

import type { HealthCheck } from '@dure/core';
import type { Message, ReplyData } from '@dure/messaging';
import type { FeedConsumer, FeedSource } from '@dure/messaging/feed';
import { feedRoute, httpFeed, localFeed, startFeedConsumer } from '@dure/messaging/feed';
import type { Database, Tx } from '@dure/postgres';
import { openDatabase } from '@dure/postgres';
import type { HttpRoute, RunningService, ServiceDefinition } from '@dure/service/server';
import { dureErrors } from '../errors.ts';
import { dispatcher } from './deliveries.ts';
import type { ProcessKit, ServiceKit } from './service-kit.ts';

/** A service's database, and everything that runs on it: its feed, the feeds it pulls, its sagas. */
export interface ServiceData {
  readonly db: Database;
  readonly routes: readonly HttpRoute[];
  readonly health: readonly HealthCheck[];
  /** Begins to pull messages and to move sagas on. */
  run(running: RunningService): void;
  /** Lets what is at hand end; the database stays open for the requests in flight. */
  stopRunning(): Promise<void>;
  close(): Promise<void>;
}

/** Opens the database of a service that has one; undefined for the others. */
export function openServiceData(
  definition: ServiceDefinition,
  kit: ServiceKit,
  process: ProcessKit,
): ServiceData | undefined {
  const { database } = definition;
  if (database === undefined) return undefined;
  const { name, service, telemetry } = kit;
  if (database.kind !== 'postgres')
    throw dureErrors.SYSTEM_INVALID(
      `the service "${name}" wants a database of kind "${database.kind}"; this host opens "postgres"`,
    );
  if (service.databaseUrl === undefined)
    throw dureErrors.SYSTEM_INVALID(`the run file has no database for the service "${name}"`);
  const { clock, random, ids } = process.machine;
  const db = openDatabase({ url: service.databaseUrl, service: name, clock, random, ids, telemetry });
  process.logs.set(name, db);
  const consumers: FeedConsumer[] = [];
  return {
    db,
    routes: [feedRoute({ service: name, log: db.log, tail: db.tail, grants: service.grants, clock })],
    health: [db.health],
    run(running) {
      const dispatch = dispatcher<Tx>({ definition, handlers: running.handlers, fenced: unfenced, reply: undefined });
      for (const source of service.pulls) {
        consumers.push(
          startFeedConsumer<Tx>({
            feed: feedOf(source, kit, process),
            as: name,
            deliveries: db.deliveries,
            dispatch,
            clock,
            random,
            telemetry,
          }),
        );
      }
    },
    stopRunning: async () => void (await Promise.all(consumers.map((consumer) => consumer.close()))),
    close: () => db.close(),
  };
}

/** A log in this very process is read directly; any other over HTTP. */
function feedOf(source: string, { name, platform }: ServiceKit, { run, machine, logs }: ProcessKit): FeedSource {
  const own = logs.get(source);
  const grant = run.services[source]?.grants[name];
  if (own !== undefined && grant !== undefined) return localFeed({ source, as: name, tail: own.tail, grant });
  return httpFeed({ source, as: name, instances: platform.instances, signer: platform.signer, clock: machine.clock });
}

function unfenced(_message: Message, _tx: Tx, run: () => Promise<ReplyData>): Promise<ReplyData> {
  return run();
}

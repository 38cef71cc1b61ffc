import type { Clock, HealthCheck, ManagementEndpoint, Settings } from '@dure/core';
import type { AnyProjection } from '@dure/event-sourcing';
import type { Job } from '@dure/jobs';
import type { AnyEvent } from '@dure/messaging';
import type { Asker } from '@dure/messaging/asks';
import { openAsker } from '@dure/messaging/asks';
import { routesOf, sinceBroker } from '@dure/messaging/broker';
import type { FeedConsumer } from '@dure/messaging/feed';
import { endsRoute, erasRoute, feedRoute, payloadRoute } from '@dure/messaging/feed';
import type { TimerRunner } from '@dure/messaging/timers';
import { startTimers } from '@dure/messaging/timers';
import type { Companions, Database, PostgresResource, Tx } from '@dure/postgres';
import {
  openDatabase,
  postgresClaims,
  postgresFlowStore,
  postgresSagaFence,
  postgresSagaStore,
  postgresSubmissions,
  startSagas,
} from '@dure/postgres';
import type { AnySaga, FlowWatcher, SagaRunner } from '@dure/saga';
import { claimed, fenced, flowWatcher, sagaRunner } from '@dure/saga';
import type { HttpRoute, IdempotencyStore, RunningService, ServiceDefinition } from '@dure/service/server';
import { dureErrors } from '../errors.ts';
import { consume, feedOf } from './consume.ts';
import { dataKeyOf } from './data-key.ts';
import type { Dispatch } from './deliveries.ts';
import { dispatcher } from './deliveries.ts';
import type { DeliverySource } from './deliveries-endpoint.ts';
import { deliveriesEndpoint, deliveriesHealth } from './deliveries-endpoint.ts';
import { jobsEndpoint } from './jobs-endpoint.ts';
import type { Machine } from './machine.ts';
import { namesToMask } from './masked-values.ts';
import { onceReachable } from './once-reachable.ts';
import { ownFollowers } from './own-followers.ts';
import { projectionsEndpoint } from './projections-endpoint.ts';
import type { SagaRetention } from './saga-retention.ts';
import { sagaRetention } from './saga-retention.ts';
import { sensitiveNames } from './saga-view.ts';
import { sagasEndpoint } from './sagas-endpoint.ts';
import type { ServiceBroker } from './service-broker.ts';
import { serviceBroker } from './service-broker.ts';
import type { ProcessKit, ServiceKit } from './service-kit.ts';
import { serviceReplays } from './service-replays.ts';
import { withSubmissions } from './submissions.ts';
import { timersEndpoint } from './timers-endpoint.ts';

const claimRetentionMs = 7 * 86_400_000;

/** A service's data, and everything that runs on it: its feed, the feeds it pulls, its sagas. */
export interface ServiceData {
  readonly db: unknown;
  /** Undefined where nothing can be changed by a caller. */
  readonly idempotency?: IdempotencyStore;
  /** The definition with what the database adds to it. */
  readonly served?: ServiceDefinition;
  /** The commands that the service asks, by the names in its `uses`. */
  readonly asked?: Readonly<Record<string, unknown>>;
  readonly routes: readonly HttpRoute[];
  readonly health: readonly HealthCheck[];
  readonly endpoints: readonly ManagementEndpoint[];
  /** Heeds the part of the configuration that is about data. */
  follow?(settings: Settings): void;
  /** Resolves when the projections are fit to be read and appended for. */
  ready(): Promise<void>;
  /** Begins to pull messages and to move sagas on. */
  run(running: RunningService): void;
  /** Lets what is at hand end; the database stays open for the requests in flight. */
  stopRunning(): Promise<void>;
  close(): Promise<void>;
}

/** Opens the PostgreSQL database of a service. DURE_SYSTEM_INVALID when the run file has none for it. */
export async function openServiceData(
  definition: ServiceDefinition,
  kit: ServiceKit,
  process: ProcessKit,
): Promise<ServiceData> {
  const [{ name, service, telemetry }, { clock, ids }] = [kit, process.machine];
  const kept = sagaRetention(sagasIn(definition));
  const db: Database = openOwnDatabase(definition, kit, process, { kept, broker: () => broker });
  const [runner, watcher] = [sagasOf(definition, db, kit, process.machine), watcherOf(db, kit, process.machine)];
  const [consumers, timers]: [FeedConsumer[], TimerRunner[]] = [[], []];
  const broker: ServiceBroker | undefined = brokerOf(definition, db, kit, process);
  const jobs = definition.jobs.length === 0 ? undefined : await serviceJobs(definition, db, kit, process.machine);
  const followers = ownFollowers(definition, db, kit, process.machine, service.flows);
  const sources = () => [...consumers, ...(broker?.sources() ?? []), ...followers.sources()];
  const asker = openAsker<Tx>({ service: name, store: db.asks, clock, telemetry });
  const [replays, { projections: projector }] = [serviceReplays(definition, db, kit, process), db];
  return {
    db,
    idempotency: db.idempotency,
    served: withSubmissions(definition, postgresSubmissions(db)),
    asked: askedIn(definition, asker),
    routes: feedsOf(db, kit, clock),
    health: [
      db.health,
      deliveriesHealth(sources),
      ...(runner === undefined ? [] : [runner.health]),
      ...(definition.projections.length === 0 ? [] : [projector.health]),
      ...(broker?.health ?? []),
      replays.health,
    ],
    endpoints: [
      ...followers.endpoints,
      steering(definition, db, sources, kit, process),
      timersEndpoint(db.timers),
      ...(jobs === undefined ? [] : [jobs.endpoint]),
      replays.endpoint,
      ...(definition.projections.length === 0 ? [] : [projectionsEndpoint(projector, telemetry.log, clock)]),
      ...(runner === undefined ? [] : [sagasEndpoint(runner, postgresSagaStore(db), sagasIn(definition), name, ids)]),
    ],
    follow: kept.follow,
    ready: () => onceReachable(() => projector.ready(), clock),
    run(running) {
      const dispatch = dispatching(running, definition, { sagas: runner, flows: watcher }, kit, db, clock);
      if (broker === undefined) consumers.push(...pull(dispatch, db, kit, process));
      else broker.run(dispatch).catch((error) => telemetry.log.error('the broker cannot be used', { error }));
      followers.run(dispatch);
      jobs?.runner.run();
      timers.push(startTimers({ store: db.timers, clock, telemetry }));
      runner?.run();
      watcher?.run();
      projector.run();
      replays.run();
    },
    async stopRunning() {
      const all = [...consumers, ...timers, broker, replays, followers, jobs?.runner, runner, watcher, projector];
      await Promise.all(all.map((one) => one?.close()));
    },
    close: () => asker.close().then(() => db.close()),
  };
}

const dayMs = 86_400_000;

function steering(
  definition: ServiceDefinition,
  { deliveries }: Database,
  sources: () => readonly DeliverySource[],
  kit: ServiceKit,
  process: ProcessKit,
): ManagementEndpoint {
  return deliveriesEndpoint({
    as: kit.name,
    deliveries,
    sources,
    pulls: kit.service.pulls,
    logOf: (source) => feedOf(source, kit, process, 0),
    masks: masksOf(definition),
    clock: process.machine.clock,
  });
}

/** Of what comes to a service: its commands, the events it reacts to, and the answers that it and its sagas get. */
function masksOf(definition: ServiceDefinition): ReadonlySet<string> {
  const { contract, asks, reactions } = definition;
  const commands = [...Object.values(contract.commands), ...Object.values(asks)];
  const events = [...contract.emits, ...reactions.map(({ event }) => event)];
  const named = namesToMask(
    commands,
    events.map(({ schema }) => schema),
  );
  return new Set([...named, ...sensitiveNames(sagasIn(definition))]);
}

/** Only where the system has one. */
function brokerOf(definition: ServiceDefinition, db: Database, kit: ServiceKit, process: ProcessKit) {
  const { broker: connection } = kit.service;
  const resource = process.broker;
  if (resource === undefined || connection === undefined) return undefined;
  const logOf = (source: string) => feedOf(source, kit, process, 0);
  return serviceBroker({ resource, connection, definition, db, kit, process, logOf });
}

function pull(dispatch: Dispatch<Tx>, { deliveries }: Database, kit: ServiceKit, process: ProcessKit) {
  const feed = (source: string) => feedOf(source, kit, process, 0);
  return consume(dispatch, sinceBroker(deliveries, { as: kit.name, feed }), kit, process);
}

function isOnBroker({ service }: ServiceKit, { broker }: ProcessKit): boolean {
  return broker !== undefined && service.broker !== undefined;
}

function openOwnDatabase(
  definition: ServiceDefinition,
  kit: ServiceKit,
  process: ProcessKit,
  { kept, broker }: { readonly kept: SagaRetention; readonly broker: () => ServiceBroker | undefined },
): Database {
  const { database } = definition;
  const { name, service, telemetry } = kit;
  if (service.databaseUrl === undefined)
    throw dureErrors.SYSTEM_INVALID(`the run file has no database for the service "${name}"`);
  const { clock, random, ids } = process.machine;
  const definitions = sagasIn(definition);
  const startSaga = definitions.length === 0 ? {} : { startSaga: startSagas({ definitions, clock, ids }) };
  const layers = (database as PostgresResource<unknown>).layers?.({ clock, policies: kit.policies }) ?? [];
  const opened = {
    url: service.databaseUrl,
    service: name,
    clock,
    random,
    ids,
    telemetry,
    layers,
    projections: projectionsIn(definition),
    retention: {
      messagesMs: 14 * dayMs,
      messagesOfMs: keptEvents(definition.contract.emits),
      sagasMs: 90 * dayMs,
      get sagasOfMs() {
        return kept.sagasOfMs;
      },
      longestMs: 90 * dayMs,
      ...holdersOf(kit, process),
    },
    serverTime: true,
    dataKeys: [dataKeyOf(service.key)],
    holdsOf: isOnBroker(kit, process)
      ? async (...of: [string, number]) => (await broker()?.holds(...of)) ?? false
      : undefined,
    companions: companionsOf(kit),
  };
  const db = openDatabase({ ...opened, ...startSaga });
  process.logs.set(name, db);
  return db;
}

/** The other processes of the service. */
function companionsOf({ name, platform: { instances } }: ServiceKit): Companions {
  return {
    get present() {
      return instances.instances(name).length > 1;
    },
    onChange: (told) => instances.onChange(name, told),
  };
}

function keptEvents(events: readonly AnyEvent[]): Readonly<Record<string, number>> {
  return Object.fromEntries(events.flatMap(({ name, keepMs }) => (keepMs === undefined ? [] : [[name, keepMs]])));
}

/** Who holds the log: with a broker its relay, and those services only that it does not reach. */
function holdersOf({ name, service }: ServiceKit, { run, broker }: ProcessKit) {
  const all = Object.keys(service.grants);
  if (broker === undefined || service.broker === undefined) return { readers: all, hasRelay: false };
  const { grants } = service.broker;
  const hasRelay = routesOf(run.system, name, grants).topics.length > 0;
  return { readers: all.filter((reader) => !Object.hasOwn(grants, reader)), hasRelay };
}

function feedsOf({ log, tail, payloads }: Database, { name, service }: ServiceKit, clock: Clock): readonly HttpRoute[] {
  const feeding = { service: name, log, tail, grants: service.grants, clock };
  return [feedRoute(feeding), payloadRoute({ ...feeding, payloads }), endsRoute(feeding), erasRoute(feeding)];
}

function askedIn({ asks }: ServiceDefinition, asker: Asker): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(asks).map(([name, command]) => [name, asker.asked(command)]));
}

const projectionsIn = ({ projections }: ServiceDefinition) => projections as unknown as readonly AnyProjection[];
const sagasIn = ({ sagas }: ServiceDefinition) => sagas as unknown as readonly AnySaga[];

function sagasOf(
  definition: ServiceDefinition,
  db: Database,
  { name, telemetry }: ServiceKit,
  { clock, ids }: Machine,
): SagaRunner<Tx> | undefined {
  const definitions = sagasIn(definition);
  if (definitions.length === 0) return undefined;
  const store = postgresSagaStore(db);
  return sagaRunner<Tx>({ service: name, definitions, store, unitOfWork: db, clock, ids, telemetry });
}

function watcherOf(
  db: Database,
  { name, service, telemetry }: ServiceKit,
  { clock, ids }: Machine,
): FlowWatcher<Tx> | undefined {
  const { flows = [] } = service;
  if (flows.length === 0) return undefined;
  return flowWatcher<Tx>({ service: name, flows, store: postgresFlowStore(), unitOfWork: db, clock, ids, telemetry });
}

/** The code of jobs is loaded only where there are jobs. */
async function serviceJobs(
  { jobs }: ServiceDefinition,
  db: Database,
  { name, telemetry }: ServiceKit,
  { clock, random, ids }: Machine,
) {
  const { jobRunner } = await import('@dure/jobs');
  const listed = jobs as unknown as readonly Job<Tx>[];
  const runner = jobRunner<Tx>({ service: name, jobs: listed, store: db.jobs, clock, random, ids, telemetry });
  return { runner, endpoint: jobsEndpoint(runner, db.jobs, listed, clock) };
}

function dispatching(
  { handlers }: RunningService,
  definition: ServiceDefinition,
  others: { readonly sagas: SagaRunner<Tx> | undefined; readonly flows: FlowWatcher<Tx> | undefined },
  { telemetry }: ServiceKit,
  db: Database,
  clock: Clock,
): Dispatch<Tx> {
  const claims = postgresClaims();
  const [guard, claiming] = [fenced(postgresSagaFence()), claimed(claims)];
  const late = telemetry.metrics.counter(
    'messaging_late_replies',
    'Replies that came after whoever asked had given up',
  );
  const dispatch = dispatcher<Tx>({
    definition,
    handlers,
    log: telemetry.log,
    guarded: (command, message, tx, run) => guard(message, tx, () => claiming(command, message, tx, run)),
    // Whoever ends sweeps also what is left of sagas of whose end nobody has told in a week.
    async ended(saga, tx) {
      await claims.release(tx, saga);
      await claims.sweep(tx, clock.now() - claimRetentionMs);
    },
    replays: db.replays,
    clock,
    ...others,
  });
  return async (message, call, tx) => {
    if (message.kind !== 'reply' || message.meta.saga !== undefined) return dispatch(message, call, tx);
    if ((await db.asks.settle(message, tx)) === 'late') late.add(1, { type: message.type });
    return undefined;
  };
}

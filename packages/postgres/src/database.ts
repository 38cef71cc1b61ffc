import type { Call, Clock, Health, HealthCheck, Ids, Layer, Random } from '@dure/core';
import { codeOf, ownCall, systemClock, systemRandom, timeLeftMs, wait } from '@dure/core';
import type { AnyProjection } from '@dure/event-sourcing';
import type { JobStore } from '@dure/jobs';
import type {
  AskStore,
  LogTail,
  Message,
  MessageFilter,
  MessageLog,
  Parking,
  ParkingDeliveryStore,
  PayloadStore,
  RelayStore,
  ReplayStore,
  UnitOfWork,
} from '@dure/messaging';
import { claimIn, logTail, redeemed } from '@dure/messaging';
import type { FollowerStore } from '@dure/messaging/followers';
import type { TimerStore } from '@dure/messaging/timers';
import type { IdempotencyStore } from '@dure/service/server';
import type { Telemetry } from '@dure/telemetry';
import type { Kysely } from 'kysely';
import { aroundDatabase } from './around.ts';
import { postgresAskStore } from './asks/postgres-ask-store.ts';
import type { Answer } from './connection.ts';
import { postgresErrors } from './errors.ts';
import { inlineProjections } from './event-sourcing/inline-projections.ts';
import type { Projector, ProjectorOptions } from './event-sourcing/projector.ts';
import { openProjector } from './event-sourcing/projector.ts';
import { subjectKeyRing } from './event-sourcing/subject-key-ring.ts';
import { postgresFollowerStore } from './followers/postgres-follower-store.ts';
import { postgresParking } from './followers/postgres-parking.ts';
import { GroupCommit } from './group-commit.ts';
import type { KeyOwner } from './idempotency.ts';
import { claimed, claimKey, keyOwnerOf, keySweeper, postgresIdempotency, storeAnswer } from './idempotency.ts';
import { postgresJobStore } from './jobs/postgres-job-store.ts';
import { kyselyBinder, readKysely } from './kysely-binding.ts';
import { plainBegin } from './local-transaction.ts';
import type { Companions, LogBell } from './log-bell.ts';
import { logBell } from './log-bell.ts';
import type { Retention } from './log-keeper.ts';
import { logKeeper } from './log-keeper.ts';
import { OpenCalls } from './open-calls.ts';
import { postgresPayloadStore } from './payloads/postgres-payload-store.ts';
import type { Pool } from './pool.ts';
import { openPool } from './pool.ts';
import { postgresDeliveryStore } from './postgres-delivery-store.ts';
import { postgresMessageLog } from './postgres-message-log.ts';
import { postgresRelayStore } from './postgres-relay-store.ts';
import type { ReadPolicy } from './read-freshness.ts';
import { untilFresh } from './read-freshness.ts';
import { readPool } from './read-pool.ts';
import { RefusedWrites, stateQuery } from './refused-writes.ts';
import { postgresReplayStore } from './replay/postgres-replay-store.ts';
import { statementNames } from './statement-names.ts';
import { postgresTimerStore } from './timers/postgres-timer-store.ts';
import type { StartSaga, Tx } from './transaction.ts';
import type { UnitKit } from './unit-kit.ts';
import { runUnit } from './unit-of-work.ts';

export interface DatabaseOptions {
  /** The run-time role's connection string. A secret. */
  readonly url: string;
  /** The service whose database it is. */
  readonly service: string;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly telemetry: Telemetry;
  readonly random?: Random;
  /** The most connections. Default 5: PostgreSQL does more with few that are busy than with many. */
  readonly poolSize?: number;
  /** The longest wait for a free connection, in milliseconds. Default 5 000. */
  readonly poolWaitMs?: number;
  /** The most callers that wait for a connection. Default 500. */
  readonly poolMaxWaiting?: number;
  /** How long the answers of idempotent operations are kept, in milliseconds. Default 86 400 000, a day. */
  readonly keyRetentionMs?: number;
  /** Whether SQL compares times with PostgreSQL's own clock rather than with `clock`. Default: where `clock` is the system's. */
  readonly serverTime?: boolean;
  /** How long messages and sagas are kept. Default: for ever. */
  readonly retention?: Retention;
  /**
   * How long the ids of messages that came without a position are kept, in milliseconds. Default 1 209 600 000, fourteen days;
   * never less than the longest time after which a carrier may bring a message again.
   */
  readonly inboxRetentionMs?: number | undefined;
  /**
   * What stands before each unit of work, delivery and read, outermost first, such as a breaker, a bulkhead or a timeout of
   * `@dure/resilience`; the operation is `postgres <service>`. Default: nothing but the pool.
   */
  readonly layers?: readonly Layer<unknown, unknown>[];
  /** The projections of the service's events; the inline ones are brought up to date by every unit of work. */
  readonly projections?: readonly AnyProjection[];
  /**
   * Keys of 32 bytes that encrypt the keys of personal data; the first encrypts, any of them opens. Secrets. Without one,
   * personal data can be neither written nor read: EVENT_SOURCING_KEY_MISSING.
   */
  readonly dataKeys?: readonly Uint8Array[];
  /** How long a projection's table that is no longer shown goes on following, in milliseconds. Default an hour. */
  readonly rollbackWindowMs?: number;
  /**
   * Whether this service has applied another one's log up to a position, where that does not follow from the position of its feed:
   * messages that come by a broker. Default: by the position.
   */
  readonly holdsOf?: ((source: string, position: number) => Promise<boolean>) | undefined;
  /** Begins sagas; from the saga store. */
  readonly startSaga?: StartSaga;
  /**
   * The other processes of the service: what they commit is seen at once then, by a session beside the pool, and otherwise within 250 ms.
   * Default: nobody knows of any.
   */
  readonly companions?: Companions;
}

/** A service's own database. */
export interface Database<Tables = unknown> extends UnitOfWork<Tx<Tables>>, AsyncDisposable {
  /** Kysely for reads, each on any free connection. A change is refused: POSTGRES_READ_ONLY. */
  readonly read: Kysely<Tables>;
  readonly log: MessageLog;
  /** The log as it grows: one poll for all who follow. */
  readonly tail: LogTail;
  readonly deliveries: ParkingDeliveryStore<Tx<Tables>>;
  /** Data that were too large for their messages. */
  readonly payloads: PayloadStore;
  /** What this service asks of others, and what they have answered. */
  readonly asks: AskStore<Tx<Tables>>;
  /** What is delivered once more to reactions. */
  readonly replays: ReplayStore<Tx<Tables>>;
  /** How far the log has been published to a broker. */
  readonly relay: RelayStore;
  /** Where the followers of this service's own log stand. */
  readonly followers: FollowerStore<Tx<Tables>>;
  /** Where those followers put the keys of what they cannot handle. */
  readonly parking: Parking<Tx<Tables>>;
  /** What units of work have put off. */
  readonly timers: TimerStore;
  /** Its jobs and their runs. */
  readonly jobs: JobStore<Tx<Tables>>;
  readonly idempotency: IdempotencyStore;
  /** The projections that were named when it was opened. */
  readonly projections: Projector;
  /**
   * Waits until this service has applied what the call has seen of another service's log: before a read of what is made
   * of its events. Whether it has. EVENT_SOURCING_READ_STALE by policy.
   */
  freshFrom(source: string, call: Call, policy?: ReadPolicy): Promise<boolean>;
  /**
   * Messages of this service's own log from now on (from the call, not from the first message asked for), until the
   * signal aborts: for live views. Look up the present state after calling this, and nothing is missed in between.
   */
  changes(filter: MessageFilter, signal: AbortSignal): AsyncIterable<Message>;
  /** Whether a unit of work of this database is open that the call, or a copy of it, belongs to. */
  inUnit(call: Call): boolean;
  readonly health: HealthCheck;
  /** Ends followers, waits for units of work in flight, closes the connections. Idempotent. */
  close(): Promise<void>;
}

/**
 * Opens a service's database; connections are made when they are first needed.
 *
 * @example
 * await using db = openDatabase<Tables>({ url, service: 'order', clock, ids, telemetry });
 * await db.uow(call, async (tx) => {
 *   await tx.db.insertInto('orders').values(order).execute();
 *   tx.emit(orderPlaced, { orderId: order.id });
 * });
 */
export function openDatabase<Tables = unknown>(options: DatabaseOptions): Database<Tables> {
  const { service, clock, ids, telemetry, random = systemRandom, layers = [] } = options;
  const pool = poolOf(options);
  const [names, around] = [statementNames(), aroundDatabase(service, layers)];
  const reads = layers.length === 0 ? pool : readPool(pool, around, () => ownCall(service, 'read', ids));
  const log = postgresMessageLog(pool, service);
  const onError = (error: unknown) => telemetry.log.warn('the log cannot be read at the moment', { error });
  const tail = logTail({ log, clock, onError });
  const keeper = logKeeper(pool, clock, telemetry, options.retention);
  const [bell, scheduleRings] = [bellOf(options, log.ring), new Set<() => void>()];
  const kit: UnitKit = {
    service,
    pool,
    bind: kyselyBinder(names),
    clock,
    random,
    ids,
    telemetry,
    seconds: telemetry.metrics.histogram('db_unit_of_work_seconds', 'Time of units of work, by unit and outcome'),
    group: new GroupCommit(clock),
    begin: beginWith(clock, options.serverTime),
    startSaga: options.startSaga,
    beforeCommit: inlineProjections(options.projections ?? []),
    keys: subjectKeyRing(options.dataKeys ?? []),
    around,
    refused: new RefusedWrites(clock, telemetry.log),
    open: new OpenCalls(),
    appended: () => {
      for (const told of [log, bell]) told?.ring();
      keeper.appended();
    },
    extendLog: keeper.extend,
    scheduled: () => ringAll(scheduleRings),
  };
  observePool(telemetry, pool);
  const deliveries = postgresDeliveryStore(kit, pool, options.inboxRetentionMs);
  const payloads = postgresPayloadStore(pool);
  const read = readKysely<Tables>(reads, names);
  const uow = unitOfWork<Tables>(kit, keySweeper(pool, clock, options.keyRetentionMs ?? dayMs));
  const projected = { uow, read, log, tail } as unknown as ProjectorOptions['db'];
  const projections = openProjector({ ...options, projections: options.projections ?? [], db: projected });
  const close = () => closeAll(projections, tail, bell, pool);
  return {
    ...{ read, log, tail, projections, payloads },
    followers: postgresFollowerStore(kit) as unknown as FollowerStore<Tx<Tables>>,
    parking: postgresParking(deliveries.parked) as unknown as Parking<Tx<Tables>>,
    jobs: postgresJobStore(kit) as unknown as JobStore<Tx<Tables>>,
    timers: postgresTimerStore(kit, scheduleRings),
    deliveries: deliveries as unknown as ParkingDeliveryStore<Tx<Tables>>,
    ...exchangesOf<Tables>(kit, uow),
    relay: postgresRelayStore(pool),
    idempotency: postgresIdempotency(pool),
    uow,
    freshFrom: freshness(options, deliveries),
    changes: (filter, signal) => messagesOf(tail, filter, signal, payloads),
    health: { name: 'db', groups: ['readiness'], check: () => ping(pool, tail, kit.refused) },
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** What it asks of others, and what is delivered to it once more. */
function exchangesOf<Tables>(
  kit: UnitKit,
  uow: UnitOfWork<Tx<Tables>>['uow'],
): Pick<Database<Tables>, 'asks' | 'replays' | 'inUnit'> {
  const { pool, ids, open } = kit;
  const inUnit = (call: Call) => open.has(call);
  const asks = postgresAskStore(pool, { uow } as unknown as UnitOfWork<Tx>, inUnit);
  const replays = postgresReplayStore(kit, pool, ids, reactionsFollower);
  return {
    inUnit,
    asks: asks as unknown as AskStore<Tx<Tables>>,
    replays: replays as unknown as ReplayStore<Tx<Tables>>,
  };
}

function poolOf({ url, service, clock, poolSize, poolWaitMs, poolMaxWaiting }: DatabaseOptions): Pool {
  const [size, waitMs, maxWaiting] = [poolSize ?? 5, poolWaitMs ?? 5_000, poolMaxWaiting ?? 500];
  return openPool({ url, name: service, clock, size, waitMs, maxWaiting });
}

function bellOf({ companions, ...options }: DatabaseOptions, heard: () => void): LogBell | undefined {
  return companions && logBell({ ...options, log: options.telemetry.log, companions, heard });
}

async function closeAll(projections: Projector, tail: LogTail, bell: LogBell | undefined, pool: Pool): Promise<void> {
  await projections.close();
  tail.close();
  await bell?.close();
  await pool.close();
}

/** Of what a service makes of another one's events. */
function freshness(
  { service, clock, holdsOf }: DatabaseOptions,
  deliveries: Pick<ParkingDeliveryStore<never>, 'position'>,
): Database['freshFrom'] {
  const byPosition = async (source: string, position: number) => (await deliveries.position(source)) >= position;
  return (source, call, policy) => {
    const holds = (position: number) => (holdsOf ?? byPosition)(source, position);
    return untilFresh({ source, name: `${service}.${source}`, holds }, call, clock, policy);
  };
}

function ringAll(rings: ReadonlySet<() => void>): void {
  for (const ring of rings) ring();
}

/** The follower that brings a service's own events to its reactions, to the sagas that wait for them and to the flows that it watches. */
export const reactionsFollower = 'reactions';

const dayMs = 86_400_000;

/** In production PostgreSQL's own clock serves; any other is told to `dure.now()` for the transaction. */
function beginWith(clock: Clock, serverTime = clock === systemClock): () => string {
  return () => (serverTime ? plainBegin : `${plainBegin}; set local dure.now = '${clock.now()}'`);
}

function unitOfWork<Tables>(kit: UnitKit, sweepKeys: () => void): UnitOfWork<Tx<Tables>>['uow'] {
  const spent = new WeakSet<Call>();
  return async <T>(call: Call, work: (tx: Tx<Tables>) => Promise<T>): Promise<T> => {
    const run = work as unknown as (tx: Tx) => Promise<T>;
    const owner = keyOwnerOf(call);
    if (owner === undefined) return runUnit(kit, call, { name: 'uow', decide: () => undefined, work: run });
    if (spent.has(call)) {
      throw postgresErrors.KEY_SPENT(
        `${owner.operation} is idempotent by key and has committed already; put everything it changes into one unit of work`,
        { details: { operation: owner.operation } },
      );
    }
    const result = await runKeyed(kit, call, owner, run);
    spent.add(call);
    sweepKeys();
    return result;
  };
}

const busy = Symbol('busy');

/** Runs once for each key; a repetition gets the stored answer, and waits for it while the first still runs. */
async function runKeyed<T>(kit: UnitKit, call: Call, owner: KeyOwner, work: (tx: Tx) => Promise<T>): Promise<T> {
  const until = Math.min(call.deadline, kit.clock.now() + call.operation.timeoutMs);
  for (let pauseMs = 5; ; pauseMs = Math.min(pauseMs * 2, 100)) {
    const result = await runUnit<T | typeof busy>(kit, call, {
      name: 'uow',
      opening: [claimKey(owner)],
      decide: ([answer]) => {
        const found = claimed(answer, owner);
        if (found === 'new') return undefined;
        return { value: found === 'busy' ? busy : (found.answer as T) };
      },
      work,
      closing: (value) => [storeAnswer(owner, value)],
    });
    if (result !== busy) return result;
    const waited = kit.clock.now() + pauseMs < until && (await wait(kit.clock, pauseMs, call.signal));
    if (!waited) {
      throw postgresErrors.KEY_BUSY(
        `another request with the Idempotency-Key "${owner.key}" is still running ${owner.operation}`,
        { details: { operation: owner.operation, key: owner.key, leftMs: timeLeftMs(call, kit.clock) } },
      );
    }
  }
}

function messagesOf(
  tail: LogTail,
  filter: MessageFilter,
  signal: AbortSignal,
  payloads: PayloadStore,
): AsyncIterable<Message> {
  const pages = tail.follow('now', filter, signal);
  return {
    async *[Symbol.asyncIterator]() {
      for await (const { messages } of pages) {
        for (const message of messages) {
          const claim = claimIn(message);
          yield claim === undefined ? message : await redeemed(message, payloads.read(claim));
        }
      }
    },
  };
}

async function ping(pool: Pool, { wentBack }: LogTail, refused: RefusedWrites): Promise<Health> {
  const shared = { database: 'PostgreSQL' };
  if (wentBack !== undefined) return { status: 'DOWN', details: { ...shared, error: String(wentBack), ...pool.state } };
  try {
    const connection = await pool.lease(undefined);
    let answer: Answer;
    try {
      answer = await connection.query(stateQuery);
    } finally {
      pool.release(connection);
    }
    const { status, details } = refused.judge(answer) ?? { status: 'UP' };
    return { status, details: { ...shared, ...details, ...pool.state } };
  } catch (error) {
    // Overload is no reason to send the load to the others: they would follow.
    if (codeOf(error) === postgresErrors.POOL_BUSY.code) return { status: 'UP', details: { ...shared, ...pool.state } };
    return { status: 'DOWN', details: { ...shared, ...refused.memory?.details, error: String(error), ...pool.state } };
  }
}

function observePool({ metrics }: Telemetry, pool: Pool): void {
  metrics.gauge('db_connections_open', 'Connections to PostgreSQL that are open', () => pool.state.open);
  metrics.gauge('db_connections_busy', 'Connections to PostgreSQL that are in use', () => pool.state.busy);
  metrics.gauge('db_connections_waiting', 'Callers that wait for a connection', () => pool.state.waiting);
}

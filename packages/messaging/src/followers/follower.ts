import type { Clock, HealthCheck, Ids, Random } from '@dure/core';
import { systemRandom } from '@dure/core';
import type { Telemetry } from '@dure/telemetry';
import { failureClass } from '../attempts/failure-class.ts';
import { ParkedDrain } from '../attempts/parked-drain.ts';
import type { ParkingPolicy } from '../delivery-failure.ts';
import type { LaneRange } from '../lane.ts';
import type { LogTail } from '../log-tail.ts';
import type { MessageFilter } from '../message-log.port.ts';
import type { DeliveryStanding } from '../parked-keys.port.ts';
import type { Parking } from '../parking.port.ts';
import type { BatchLimits } from './batches.ts';
import type { FollowerStore, FollowerView, HeldLanes, LaneLease } from './follower-store.port.ts';
import type { HandleMessages, Trouble, WorkerKit } from './lane-worker.ts';
import { LaneWorker } from './lane-worker.ts';
import { nextMove } from './next-move.ts';

export interface FollowerOptions<Tx> {
  /** What it is known by in all processes, and for good: its positions are stored under it. */
  readonly name: string;
  /** The service whose log it follows. */
  readonly service: string;
  readonly store: FollowerStore<Tx>;
  readonly tail: LogTail;
  readonly filter: MessageFilter | 'all';
  /**
   * Handles messages in order, in the transaction that also moves the position. Messages of one key never overlap; those of
   * different keys may, in other processes. What it emits belongs to the flow of the last message.
   */
  readonly handle: HandleMessages<Tx>;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly telemetry: Telemetry;
  readonly random?: Random;
  /** Where it begins when it is new. Default: with the first message of the log. */
  readonly start?: 'beginning' | 'now';
  /** Default: one message at a time. */
  readonly batch?: BatchLimits;
  /** Where the keys of messages go that cannot be handled. Default: nowhere; what lies behind them in their lanes waits. */
  readonly parking?: Parking<Tx>;
  /** The name under which operators find them. Default `<service>/<name>`. */
  readonly parkedAs?: string;
  /** When parked keys are tried again. */
  readonly retry?: ParkingPolicy;
  /** How often a message is tried before its key is parked. Default 3. */
  readonly attempts?: number;
  /** How many keys may be parked within a minute; beyond that the fault is hardly theirs, and the lanes wait. Default 50. */
  readonly parksPerMinute?: number;
  /** The longest time one try may take, in milliseconds. Default 30 000. */
  readonly attemptTimeoutMs?: number;
  /** How many transactions of this follower run at once in this process. Default 1. */
  readonly rangesEach?: number;
  /** How long lanes belong to a process that gives no sign of life, in milliseconds. Default 15 000. */
  readonly leaseMs?: number;
  /** How often a process gives one, and looks for its share, in milliseconds. Default 2 000. */
  readonly beatMs?: number;
}

/** How a follower is doing in this process. */
export interface FollowerState {
  readonly name: string;
  /** `stuck`: a message cannot be handled and what lies behind it waits; `idle`: other processes hold all lanes. */
  readonly status: 'starting' | 'following' | 'idle' | 'stuck' | 'paused' | 'stopped';
  /** The lanes that this process holds, and the position that each range has reached. */
  readonly lanes: readonly (LaneRange & { readonly position: number })[];
  /** How many positions of the log lie between the slowest of them and the end that is known here. */
  readonly lag: number;
  /** Age of the oldest message at hand, in milliseconds; 0 when there is none. */
  readonly ageMs: number;
  readonly trouble: Trouble | undefined;
  /** Under which name its keys are parked, and what is; undefined where nothing can be. */
  readonly parked: { readonly source: string; readonly standing: DeliveryStanding | undefined } | undefined;
}

/** A follower that runs until it is closed. */
export interface Follower extends AsyncDisposable {
  readonly state: FollowerState;
  readonly health: HealthCheck;
  /** Stops handling, in all processes and for good, once the batches at hand have ended; `why` is shown. */
  pause(why: string): Promise<void>;
  resume(): Promise<void>;
  /** Somebody has changed what is parked: looks at once. */
  ring(): void;
  /** Lets the batches at hand end (for at most 2 s) and leaves the lanes to others at once. Idempotent. */
  close(): Promise<void>;
}

/**
 * Follows a service's own log: each message is handled once, in the order of its key, by one of the processes in which the
 * follower runs. They share the lanes of the log between them; when one comes or goes, or is not heard of, the others adjust.
 *
 * @example
 * await using follower = startFollower({
 *   name: 'totals', service: 'order', store: db.followers, tail: db.tail,
 *   filter: { events: ['order.placed'], destination: undefined },
 *   handle: async (messages, call, tx) => { … }, clock, ids, telemetry,
 * });
 */
export function startFollower<Tx>(options: FollowerOptions<Tx>): Follower {
  return new RunningFollower(options);
}

const closeGraceMs = 2_000;
const minuteMs = 60_000;
/** How many changes of lanes one beat makes at most. */
const movesAtOnce = 300;

class RunningFollower<Tx> implements Follower {
  readonly #options: FollowerOptions<Tx>;
  readonly #kit: WorkerKit<Tx>;
  readonly #member: string;
  readonly #leaseMs: number;
  readonly #drain: ParkedDrain<Tx> | undefined;
  readonly #cut = new AbortController();
  readonly #workers = new Map<number, LaneWorker<Tx>>();
  readonly #stop = new AbortController();
  readonly #done: Promise<void>;
  #parkedAtMs: number[] = [];
  #view: FollowerView | undefined;
  #endPause: (() => void) | undefined;
  #failures = 0;

  constructor(options: FollowerOptions<Tx>) {
    const { name, service, telemetry } = options;
    const { parkedAs = `${service}/${name}` } = options;
    this.#options = options;
    this.#member = options.ids.uuid();
    this.#leaseMs = options.leaseMs ?? 15_000;
    this.#kit = {
      ...options,
      parking: options.parking,
      parkedAs,
      retry: options.retry ?? {},
      onParked: () => this.#drain?.ring(),
      random: options.random ?? systemRandom,
      batch: options.batch ?? { size: 1, withinMs: 0 },
      leaseMs: this.#leaseMs,
      attempts: options.attempts ?? 3,
      attemptTimeoutMs: options.attemptTimeoutMs ?? 30_000,
      mayPark: () => this.#mayPark(options.parksPerMinute ?? 50),
      count: telemetry.metrics.counter('messaging_followed', 'Messages of the own log, by follower and outcome'),
      seconds: telemetry.metrics.histogram(
        'messaging_follower_seconds',
        'Time from the writing of a message to its being handled by a follower',
      ),
    };
    const labels = { follower: name };
    const { metrics } = telemetry;
    metrics.gauge('messaging_follower_lag', 'Positions between a follower and the end', () => this.state.lag, labels);
    metrics.gauge(
      'messaging_follower_age_seconds',
      'Age of the oldest message at hand',
      () => this.state.ageMs / 1_000,
      labels,
    );
    this.#drain = this.#startDrain(parkedAs);
    this.#done = this.#run();
  }

  get state(): FollowerState {
    const workers = [...this.#workers.values()];
    const lanes = workers.map(({ lease: { from, to, position } }) => ({ from, to, position }));
    const trouble = workers.find((worker) => worker.trouble !== undefined)?.trouble;
    const slowest = Math.min(...lanes.map(({ position }) => position));
    return {
      name: this.#options.name,
      status: this.#status(trouble),
      lanes,
      lag: lanes.length === 0 ? 0 : Math.max(this.#options.tail.mark - slowest, 0),
      ageMs: Math.max(0, ...workers.map(({ ageMs }) => ageMs)),
      trouble,
      parked: this.#drain && { source: this.#kit.parkedAs, standing: this.#drain.standing },
    };
  }

  get health(): HealthCheck {
    return {
      name: `follower-${this.#options.name}`,
      groups: [],
      check: () => {
        const { name: _, ...details } = this.state;
        const waits = (details.parked?.standing?.stopped ?? 0) > 0;
        const status = details.status === 'stuck' || waits ? 'DOWN' : details.status === 'starting' ? 'UNKNOWN' : 'UP';
        return { status, details };
      },
    };
  }

  async pause(why: string): Promise<void> {
    await this.#options.store.pause(this.#options.name, why);
    this.#endPause?.();
  }

  async resume(): Promise<void> {
    await this.#options.store.pause(this.#options.name, undefined);
    this.#endPause?.();
  }

  ring(): void {
    this.#drain?.ring();
  }

  async close(): Promise<void> {
    this.#stop.abort();
    this.#endPause?.();
    const timer = this.#options.clock.after(closeGraceMs, () => this.#cut.abort());
    await Promise.all([this.#done, this.#drain?.stop()]);
    timer.cancel();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #startDrain(source: string): ParkedDrain<Tx> | undefined {
    const { parking, service, handle } = this.#options;
    if (parking === undefined) return undefined;
    const { random, retry: policy, attemptTimeoutMs, count } = this.#kit;
    return new ParkedDrain<Tx>({
      ...this.#options,
      as: service,
      source,
      parked: parking.parked,
      dispatch: async (message, call, tx) => {
        await handle([message], call, tx);
        return undefined;
      },
      random,
      policy,
      attemptTimeoutMs,
      classify: failureClass,
      cut: this.#cut.signal,
      isPaused: () => this.#view === undefined || this.#view.paused !== undefined,
      onApplied: () => count.add(1, { follower: this.#options.name, outcome: 'applied-late' }),
    });
  }

  #status(trouble: Trouble | undefined): FollowerState['status'] {
    if (this.#stop.signal.aborted) return 'stopped';
    if (this.#view === undefined) return 'starting';
    if (this.#view.paused !== undefined) return 'paused';
    if (trouble !== undefined) return 'stuck';
    return this.#workers.size === 0 ? 'idle' : 'following';
  }

  async #run(): Promise<void> {
    const { store, name, tail, start, beatMs = 2_000, telemetry } = this.#options;
    let isOpen = false;
    while (!this.#stop.signal.aborted) {
      try {
        if (!isOpen) await store.open(name, start === 'now' ? await tail.end() : 0);
        isOpen = true;
        await this.#tick();
        this.#failures = 0;
      } catch (error) {
        this.#failures += 1;
        if ((this.#failures & (this.#failures - 1)) === 0)
          telemetry.log.warn('a follower cannot ask for its lanes at the moment', { follower: name, error });
      }
      await this.#pause(beatMs);
    }
    await this.#leave();
  }

  async #leave(): Promise<void> {
    const { store, name, telemetry } = this.#options;
    const workers = [...this.#workers.values()];
    try {
      await Promise.all(workers.map((worker) => worker.stop()));
      for (const { lease } of workers) await store.release(lease);
      await store.leave(name, this.#member);
    } catch (error) {
      telemetry.log.info('the lanes of a follower are free when its lease has run out', { follower: name, error });
    }
    this.#workers.clear();
  }

  async #tick(): Promise<void> {
    await this.#beat();
    for (let moves = 0; moves < movesAtOnce && !this.#stop.signal.aborted && (await this.#move()); moves += 1)
      await this.#beat();
  }

  /** Gives a sign of life, and works on exactly the lanes that are this process's own. */
  async #beat(): Promise<void> {
    const { store, name } = this.#options;
    const held = [...this.#workers.values()].map(({ lease }) => lease);
    const view = await store.beat(name, this.#member, held, this.#leaseMs);
    this.#view = view;
    if (this.#stop.signal.aborted) return;
    const mine = view.lanes.filter(({ owner }) => owner === this.#member);
    for (const [from, worker] of this.#workers) {
      if (mine.some((lanes) => lanes.from === from && lanes.epoch === worker.lease.epoch)) continue;
      worker.abandon();
      this.#workers.delete(from);
    }
    if (view.paused !== undefined) await Promise.all([...this.#workers.values()].map((worker) => worker.stop()));
    for (const lanes of mine) this.#work(this.#leaseOf(lanes), view.paused !== undefined);
  }

  /** Starts what does not run, unless it is paused or has been stopped for a merge that is still to come. */
  #work(lease: LaneLease, isPaused: boolean): void {
    const worker = this.#workers.get(lease.from);
    if (worker === undefined) {
      this.#workers.set(lease.from, new LaneWorker(this.#kit, lease, isPaused ? lease.position : undefined));
    } else if (!worker.isRunning && !isPaused && !this.#isMerging(lease)) {
      this.#workers.set(lease.from, new LaneWorker(this.#kit, worker.lease));
    }
  }

  #isMerging({ from }: LaneRange): boolean {
    const move = this.#nextMove();
    return move?.kind === 'merge' && (move.lower.from === from || move.upper.from === from);
  }

  #nextMove() {
    const { rangesEach = 1 } = this.#options;
    const view = this.#view;
    return view?.paused === undefined && view !== undefined ? nextMove(view, this.#member, rangesEach) : undefined;
  }

  /** Makes one change towards a fair share; false when there is none to make at the moment. */
  async #move(): Promise<boolean> {
    const { store, name } = this.#options;
    const move = this.#nextMove();
    switch (move?.kind) {
      case undefined:
        return false;
      case 'claim':
        return (await store.claim(name, this.#member, this.#leaseMs)) !== undefined;
      case 'release':
        await store.release(await this.#stopped(move.lanes));
        return true;
      case 'split':
        return (await store.split(await this.#stopped(move.lanes))) !== undefined;
      case 'merge':
        return this.#merge(move.lower, move.upper);
      default:
        return move satisfies never;
    }
  }

  /** Two ranges become one where both have the same position: whichever is behind first goes on to where the other stands. */
  async #merge(lower: HeldLanes, upper: HeldLanes): Promise<boolean> {
    const workers = [lower, upper].map(({ from }) => this.#workers.get(from));
    if (workers.some((worker) => worker?.isRunning === true && worker.isLimited)) return false;
    const [first, second] = await Promise.all([this.#stopped(lower), this.#stopped(upper)]);
    if (first.position === second.position) return (await this.#options.store.merge(first, second)) !== undefined;
    const until = Math.max(first.position, second.position);
    for (const lease of [first, second]) this.#workers.set(lease.from, new LaneWorker(this.#kit, lease, until));
    return false;
  }

  /** The lease of lanes whose worker has been stopped. */
  async #stopped(lanes: HeldLanes): Promise<LaneLease> {
    const worker = this.#workers.get(lanes.from);
    await worker?.stop();
    return worker?.lease ?? this.#leaseOf(lanes);
  }

  #leaseOf(lanes: HeldLanes): LaneLease {
    return { ...lanes, follower: this.#options.name, owner: this.#member };
  }

  #mayPark(limit: number): boolean {
    const now = this.#options.clock.monotonicMs();
    this.#parkedAtMs = this.#parkedAtMs.filter((at) => now - at < minuteMs);
    if (this.#parkedAtMs.length >= limit) return false;
    this.#parkedAtMs.push(now);
    return true;
  }

  #pause(forMs: number): Promise<void> {
    if (this.#stop.signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = this.#options.clock.after(forMs, () => this.#endPause?.());
      this.#endPause = () => {
        timer.cancel();
        this.#endPause = undefined;
        resolve();
      };
    });
  }
}

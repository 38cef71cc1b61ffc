import type { Call, Clock, ErrorKind, Ids, Random } from '@dure/core';
import {
  codeOf,
  isDureError,
  messageOf,
  newTrace,
  parseTraceparent,
  plainOperation,
  startCall,
  wait,
} from '@dure/core';
import type { Counter, Histogram, Telemetry } from '@dure/telemetry';
import type { ParkingPolicy } from '../delivery-failure.ts';
import { failureOf } from '../delivery-failure.ts';
import type { LogTail } from '../log-tail.ts';
import type { Message } from '../message.ts';
import { baggageOf } from '../message-buffer.ts';
import type { MessageFilter } from '../message-log.port.ts';
import type { Parking } from '../parking.port.ts';
import type { BatchLimits } from './batches.ts';
import { batches } from './batches.ts';
import type { FollowerStore, LaneLease } from './follower-store.port.ts';

/** Handles messages inside the transaction that also moves the follower's position. */
export type HandleMessages<Tx> = (messages: readonly Message[], call: Call, tx: Tx) => Promise<void>;

/** What the workers of one follower share. */
export interface WorkerKit<Tx> {
  readonly service: string;
  readonly name: string;
  readonly store: FollowerStore<Tx>;
  readonly tail: LogTail;
  readonly filter: MessageFilter | 'all';
  readonly handle: HandleMessages<Tx>;
  readonly parking: Parking<Tx> | undefined;
  readonly parkedAs: string;
  readonly retry: ParkingPolicy;
  readonly onParked: () => void;
  readonly batch: BatchLimits;
  readonly leaseMs: number;
  readonly attempts: number;
  readonly attemptTimeoutMs: number;
  /** Whether one more key may be parked; no, when so many have been that the fault is hardly theirs. */
  readonly mayPark: () => boolean;
  readonly clock: Clock;
  readonly random: Random;
  readonly ids: Ids;
  readonly telemetry: Telemetry;
  readonly count: Counter;
  readonly seconds: Histogram;
}

/** What went wrong with the messages at hand. */
export interface Trouble {
  /** Tries in a row that have failed. */
  readonly failures: number;
  readonly error: { readonly code: string | undefined; readonly message: string };
}

const longestPauseMs = 30_000;
const closeGraceMs = 2_000;
/** How often it is asked whether what was parked still is. */
const lookEveryMs = 5_000;

/** Follows the log for the lanes of one lease: in order, a batch at a time, each in one transaction. */
export class LaneWorker<Tx> {
  readonly #kit: WorkerKit<Tx>;
  readonly #lease: LaneLease;
  readonly #until: number;
  readonly #stop = new AbortController();
  readonly #cut = new AbortController();
  readonly #done: Promise<void>;
  #position: number;
  #isRunning = true;
  #sinceMs: number | undefined;
  #trouble: Trouble | undefined;
  /**
   * Whether keys of these lanes may be parked. Only who holds the lanes parks them, so once none was, none is until this worker
   * parks one; and whoever takes the lanes over looks first.
   */
  #mayBeParked = true;
  #lookedAtMs = Number.NEGATIVE_INFINITY;

  /** `until`: where it ends by itself. */
  constructor(kit: WorkerKit<Tx>, lease: LaneLease, until = Number.POSITIVE_INFINITY) {
    this.#kit = kit;
    this.#lease = lease;
    this.#until = until;
    this.#position = lease.position;
    this.#done = this.#run().finally(() => {
      this.#isRunning = false;
    });
  }

  /** The lease, with the position that the worker has reached. */
  get lease(): LaneLease {
    return { ...this.#lease, position: this.#position };
  }

  get isRunning(): boolean {
    return this.#isRunning;
  }

  /** Whether it ends by itself. */
  get isLimited(): boolean {
    return this.#until !== Number.POSITIVE_INFINITY;
  }

  get trouble(): Trouble | undefined {
    return this.#trouble;
  }

  /** Age of the oldest message at hand, in milliseconds; 0 when there is none. */
  get ageMs(): number {
    return this.#sinceMs === undefined ? 0 : Math.max(this.#kit.clock.now() - this.#sinceMs, 0);
  }

  /** Lets the batch at hand end, for a while. */
  async stop(): Promise<void> {
    this.#stop.abort();
    const timer = this.#kit.clock.after(closeGraceMs, () => this.#cut.abort());
    await this.#done;
    timer.cancel();
  }

  /** Gives the batch at hand up: the lanes are lost. */
  abandon(): void {
    this.#stop.abort();
    this.#cut.abort();
  }

  async #run(): Promise<void> {
    const { tail, filter, batch, clock, telemetry, name } = this.#kit;
    const { signal } = this.#stop;
    while (!signal.aborted && this.#position < this.#until) {
      try {
        const pages = tail.follow(this.#position, filter, signal, this.#lease);
        for await (const { messages, mark } of batches(pages, batch, clock)) {
          const wanted = messages.filter(({ position }) => position <= this.#until);
          if (!(await this.#take(wanted, Math.min(mark, this.#until)))) return;
          if (signal.aborted || this.#position >= this.#until) return;
        }
        if (!signal.aborted) return; // The tail was closed.
      } catch (error) {
        if (signal.aborted) return;
        telemetry.log.warn('the log cannot be followed at the moment', { follower: name, error });
        await wait(clock, this.#pauseMs(3), signal);
      }
    }
  }

  /** Handles a batch, however long it takes; false when the worker is to end. */
  async #take(messages: readonly Message[], to: number): Promise<boolean> {
    if (messages.length > 0) {
      this.#sinceMs = messages[0]?.at;
      const isTogether = messages.length > 1 && (await this.#together(messages, to));
      if (isTogether === 'lost') return false;
      if (!isTogether) {
        for (const [index, message] of messages.entries()) {
          this.#sinceMs = message.at;
          const last = index === messages.length - 1;
          if (!(await this.#alone(message, last ? to : message.position))) return false;
        }
      }
      this.#sinceMs = undefined;
    }
    this.#position = Math.max(this.#position, to);
    return true;
  }

  /** One transaction for all of them; false when it failed, for then they are tried one by one to find the culprit. */
  async #together(messages: readonly Message[], to: number): Promise<boolean | 'lost'> {
    try {
      if ((await this.#attempt(messages, to)) === 'lost') return 'lost';
      this.#applied(messages, to);
      return true;
    } catch (error) {
      if (this.#stop.signal.aborted) return 'lost';
      this.#kit.telemetry.log.info('a batch cannot be handled as one; its messages are tried one by one', {
        follower: this.#kit.name,
        error,
      });
      return false;
    }
  }

  async #alone(message: Message, to: number): Promise<boolean> {
    for (let failures = 0; !this.#stop.signal.aborted; ) {
      try {
        if ((await this.#attempt([message], to)) === 'lost') return false;
        this.#applied([message], to);
        return true;
      } catch (error) {
        if (this.#cut.signal.aborted) return false;
        failures += 1;
        this.#failed(message, error, failures);
        const park = await this.#park(message, to, error, failures);
        if (park !== 'kept') return park === 'parked';
        await wait(this.#kit.clock, this.#pauseMs(failures), this.#stop.signal);
      }
    }
    return false;
  }

  /** Hands the key over when the message has failed too often, or cannot succeed at all. */
  async #park(message: Message, to: number, error: unknown, failures: number): Promise<'parked' | 'kept' | 'lost'> {
    const { parking, name, store, leaseMs, attempts, mayPark, count, telemetry, clock, random } = this.#kit;
    if (parking === undefined || (failures < attempts && !isHopeless(error)) || !mayPark()) return 'kept';
    const failure = failureOf(error, message.kind, { attempts: 1, at: clock.now(), random }, this.#kit.retry);
    try {
      this.#mayBeParked = true;
      const outcome = await store.apply(this.lease, to, leaseMs, this.#call([message]), (tx) =>
        parking.park(this.#kit.parkedAs, message, failure, tx),
      );
      if (outcome === 'lost') return 'lost';
    } catch (failure) {
      telemetry.log.warn('a key cannot be parked', { follower: name, key: message.key, error: failure });
      return 'kept';
    }
    count.add(1, { follower: name, outcome: 'parked' });
    telemetry.log.error('a key is parked: its messages wait, those of all other keys go on', {
      follower: name,
      key: message.key,
      ...placeOf(message),
      error,
    });
    this.#position = to;
    this.#trouble = undefined;
    this.#kit.onParked();
    return 'parked';
  }

  async #attempt(messages: readonly Message[], to: number): Promise<'applied' | 'lost'> {
    const { name, store, leaseMs, handle, parking, telemetry } = this.#kit;
    const [only] = messages.length === 1 ? messages : [];
    const parent = parseTraceparent(only?.meta.traceparent);
    const span = telemetry.startSpan(`${name}${only === undefined ? '' : ` ${only.type}`}`, {
      kind: 'consumer',
      ...(parent === undefined ? {} : { parent }),
      attributes: { 'messaging.follower': name, 'messaging.position': to, 'messaging.messages': messages.length },
    });
    const call = this.#call(messages).with({ trace: span.context });
    try {
      await this.#lookForParked();
      return await store.apply(this.lease, to, leaseMs, call, async (tx) => {
        const aside = this.#mayBeParked ? parking : undefined;
        const rest = (await aside?.setAside(this.#kit.parkedAs, messages, tx)) ?? messages;
        if (rest.length > 0) await handle(rest, call, tx);
      });
    } catch (error) {
      span.fail(error);
      throw error;
    } finally {
      span.end();
    }
  }

  /** Now and then, so that nothing is paid for parking while nothing is parked. */
  async #lookForParked(): Promise<void> {
    const { parking, parkedAs, clock } = this.#kit;
    if (parking === undefined || !this.#mayBeParked || clock.monotonicMs() - this.#lookedAtMs < lookEveryMs) return;
    this.#mayBeParked = (await parking.parked.standing(parkedAs)).keys > 0;
    this.#lookedAtMs = clock.monotonicMs();
  }

  /** What messages lead to belongs to their flow; several at once have that of the last. */
  #call(messages: readonly Message[]): Call {
    const { service, name, clock, ids, attemptTimeoutMs } = this.#kit;
    const last = messages.at(-1);
    return startCall({
      operation: plainOperation(service, name),
      trace: newTrace(ids),
      identity: { kind: 'service', subject: service, roles: [], scopes: [] },
      ...(last === undefined ? {} : { baggage: baggageOf(last) }),
      signal: this.#cut.signal,
      deadline: clock.now() + attemptTimeoutMs,
    });
  }

  #applied(messages: readonly Message[], to: number): void {
    const { clock, count, seconds, name } = this.#kit;
    this.#position = to;
    this.#trouble = undefined;
    count.add(messages.length, { follower: name, outcome: 'applied' });
    for (const { at } of messages) seconds.record((clock.now() - at) / 1_000, { follower: name });
  }

  #failed(message: Message, error: unknown, failures: number): void {
    const { count, name, telemetry } = this.#kit;
    this.#trouble = { failures, error: { code: codeOf(error), message: messageOf(error) } };
    count.add(1, { follower: name, outcome: 'failed' });
    // The first time, and then ever more seldom: at 2, 4, 8, 16 …
    if ((failures & (failures - 1)) === 0)
      telemetry.log.warn('a message cannot be handled', { follower: name, failures, ...placeOf(message), error });
  }

  /** From 20 ms, doubled each time, half of it at random. */
  #pauseMs(failures: number): number {
    const longest = Math.min(20 * 4 ** Math.min(failures - 1, 10), longestPauseMs);
    return longest * (0.5 + this.#kit.random.next() / 2);
  }
}

const passing: ReadonlySet<ErrorKind> = new Set([
  'unavailable',
  'upstream',
  'timeout',
  'cancelled',
  'limited',
  'conflict',
]);

/** Whether trying again cannot help, such as with data that do not fit. */
function isHopeless(error: unknown): boolean {
  return isDureError(error) && !error.retryable && !passing.has(error.kind);
}

function placeOf({ position, type, id }: Message) {
  return { position, type, id };
}

import type { Clock, Random } from '@dure/core';
import { codeOf, messageOf, systemRandom } from '@dure/core';
import type { Counter, Histogram, Telemetry } from '@dure/telemetry';
import type { AttemptKit, Dispatch, Tried, Whole } from '../attempts/delivery-attempt.ts';
import { attempt, attemptTogether } from '../attempts/delivery-attempt.ts';
import type { FailureClass } from '../attempts/failure-class.ts';
import { failureClass, fatalCodes } from '../attempts/failure-class.ts';
import { ParkedDrain } from '../attempts/parked-drain.ts';
import { Pause } from '../attempts/pause.ts';
import { claimIn } from '../claim-check.ts';
import type { DeliveryWay } from '../delivery.ts';
import type { ParkingPolicy } from '../delivery-failure.ts';
import { failureOf } from '../delivery-failure.ts';
import type { DeliveryOutcome, DeliveryStore, ParkingDeliveryStore } from '../delivery-store.port.ts';
import { messagingErrors } from '../errors.ts';
import type { Message } from '../message.ts';
import type { DeliveryStanding } from '../parked-keys.port.ts';
import { GroupSize } from './group-size.ts';
import { ParkingLimit } from './parking-limit.ts';
import { showSettlerGauges } from './settler-gauges.ts';

/** How a message that fails is tried again, in its place at first and then parked. */
export interface RetryPolicy extends ParkingPolicy {
  /** Tries in place, while all other messages wait; for what is not transient. Default 3. */
  readonly attemptsInPlace?: number;
  /** How long a transient failure is tried again in place, in milliseconds. Default 10 000. */
  readonly transientMs?: number;
  /** The share of the keys of a minute that may be parked in it; beyond that the consumer pauses. Default 0.1. */
  readonly mostParkedShare?: number;
  /** Keys that may be parked in a minute in any case. Default 10. */
  readonly mostParked?: number;
  /** Codes of errors that no repetition mends: their keys are parked at once. */
  readonly fatal?: readonly string[];
}

export interface SettlerOptions<Tx> {
  /** Where the messages come from, as operators name it: keys are parked and deliveries paused under it. */
  readonly source: string;
  /**
   * The stream that the position of a message is counted in, where there are several; messages of different streams may be settled
   * beside each other. Default: the source is one stream.
   */
  readonly streamOf?: (message: Message) => string;
  /** The service that consumes. */
  readonly as: string;
  /** A store that cannot park holds a message that cannot be applied, and those behind it, until it can. */
  readonly deliveries: DeliveryStore<Tx> | ParkingDeliveryStore<Tx>;
  readonly dispatch: Dispatch<Tx>;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  readonly random?: Random;
  /** How duplicates are recognised. Default by position. */
  readonly by?: DeliveryWay['by'];
  /** With `by: 'id'`: the longest time after which the carrier may bring a message again, in milliseconds. */
  readonly redeliveryMs?: number;
  /** The longest time one try of one message may take, in milliseconds. Default 30 000. */
  readonly attemptTimeoutMs?: number;
  /** Fetches the data of messages that have put them aside. Default: a reference stands in their place. */
  readonly whole?: Whole;
  readonly retry?: RetryPolicy;
}

/** How the settling of a stream's messages goes. */
export interface SettlerState {
  /**
   * `retrying`: a message is tried again, before its key is parked. `stuck`: so much fails that nothing is parked any more, or
   * the database cannot be reached; nothing moves until it works again. `paused`: by somebody who said why.
   */
  readonly status: 'ready' | 'retrying' | 'stuck' | 'paused';
  /** How long ago the oldest message at hand was written, in milliseconds; 0 when there is none. */
  readonly behindMs: number;
  /** Tries in a row that have failed. */
  readonly failures: number;
  readonly error: { readonly code: string | undefined; readonly message: string } | undefined;
  /** What is parked and whether the source is paused, as it was last looked at. */
  readonly standing: DeliveryStanding | undefined;
}

/** Brings messages of one stream to their effects, whatever carried them here. */
export interface Settler extends AsyncDisposable {
  /**
   * Applies a message or parks its key, however long it takes; true when the message needs no more care and its carrier may
   * forget it, false when the settler was stopped before. One at a time for each key. `after`: a position of its stream that was
   * stored before; MESSAGING_POSITION_LOST when it no longer is.
   */
  settle(message: Message, after?: number): Promise<boolean>;
  /**
   * Settles messages from the first of those that are given, in their order, and says how many; 0: it was stopped before. Where several of
   * the first one's stream wait and are quickly done, some go together.
   */
  settleSome(messages: readonly Message[], after?: number): Promise<number>;
  readonly state: SettlerState;
  /** Somebody has changed what is parked or paused: looks at once. */
  ring(): void;
  /** Begins nothing new. */
  stop(): void;
  /** Lets what is at hand finish (for at most 2 s), then ends. Idempotent. */
  close(): Promise<void>;
}

type Way = DeliveryWay & { readonly stream: string };
type Trouble = Omit<SettlerState, 'status' | 'standing' | 'behindMs'> & {
  readonly status: Exclude<SettlerState['status'], 'ready'>;
};

const gravity = { retrying: 1, paused: 2, stuck: 3 } as const;
const longestPauseMs = 30_000;
const longestPauseInPlaceMs = 1_000;
const closeGraceMs = 2_000;
/** How often a paused stream is asked whether it still is. */
const pausedMs = 1_000;

/**
 * Settles the messages of one stream, each exactly once and those of one key in order. A message that cannot be applied is
 * tried again for a moment; then its key is parked and tried in the background, and all others go on.
 * MESSAGING_IDS_FORGOTTEN when the store forgets ids earlier than the carrier brings messages again.
 *
 * @example
 * const settler = startSettler({ source: 'orders', as: 'payment', by: 'id', deliveries, dispatch, clock, telemetry });
 * if (await settler.settle(message)) acknowledge();
 */
export function startSettler<Tx>(options: SettlerOptions<Tx>): Settler {
  const { source, by, redeliveryMs = 0, deliveries } = options;
  const keptMs = 'idsKeptMs' in deliveries ? deliveries.idsKeptMs : 0;
  if (by === 'id' && redeliveryMs > keptMs) {
    throw messagingErrors.IDS_FORGOTTEN(
      `"${source}" may bring a message again after ${redeliveryMs} ms, but its id is kept for ${keptMs} ms only, and it would be applied twice`,
      { details: { source, redeliveryMs, keptMs } },
    );
  }
  return new MessageSettler(options);
}

class MessageSettler<Tx> implements Settler {
  readonly #options: SettlerOptions<Tx>;
  readonly #kit: AttemptKit<Tx>;
  readonly #retry: RetryPolicy;
  readonly #classify: (error: unknown) => FailureClass;
  readonly #limit: ParkingLimit;
  readonly #store: ParkingDeliveryStore<Tx> | undefined;
  readonly #drain: ParkedDrain<Tx> | undefined;
  readonly #pause: Pause;
  readonly #cut = new AbortController();
  readonly #random: Random;
  readonly #count: Counter;
  readonly #seconds: Histogram;
  /** What is being applied, or tried again. */
  readonly #atHand = new Set<Message>();
  /** What holds up a stream. */
  readonly #troubles = new Map<string, Trouble>();
  /** How many go together, by stream: what fails in one makes no other slower. */
  readonly #groups = new Map<string, GroupSize>();
  #stopped = false;
  #idle: (() => void) | undefined;

  constructor(options: SettlerOptions<Tx>) {
    const { source, as, dispatch, clock, telemetry, attemptTimeoutMs = 30_000, retry = {} } = options;
    const { metrics } = telemetry;
    this.#options = options;
    this.#kit = { as, dispatch, clock, telemetry, attemptTimeoutMs, whole: options.whole };
    this.#retry = retry;
    this.#pause = new Pause(clock);
    this.#random = options.random ?? systemRandom;
    const fatal = new Set([...fatalCodes, ...(retry.fatal ?? [])]);
    this.#classify = (error) => failureClass(error, fatal);
    this.#limit = new ParkingLimit({ clock, share: retry.mostParkedShare ?? 0.1, atLeast: retry.mostParked ?? 10 });
    this.#count = metrics.counter('messaging_messages', 'Messages from other services, by outcome');
    this.#seconds = metrics.histogram(
      'messaging_delivery_seconds',
      'Time from the writing of a message to its being applied',
    );
    this.#store = 'parked' in options.deliveries ? options.deliveries : undefined;
    this.#drain =
      this.#store &&
      new ParkedDrain({
        ...this.#kit,
        source,
        parked: this.#store.parked,
        random: this.#random,
        policy: retry,
        classify: this.#classify,
        cut: this.#cut.signal,
        onApplied: ({ message }) => {
          this.#limit.applied();
          this.#applied(message, 'applied-late');
        },
      });
    showSettlerGauges(options, () => this.state);
  }

  get state(): SettlerState {
    const standing = this.#drain?.standing;
    const worst = [...this.#troubles.values()].toSorted((a, b) => gravity[b.status] - gravity[a.status])[0];
    const behindMs = this.#behindMs;
    if (worst === undefined) return { status: 'ready', behindMs, failures: 0, error: undefined, standing };
    const { status, failures, error } = worst;
    return { status, behindMs, failures, error, standing };
  }

  get #behindMs(): number {
    const oldest = Math.min(...[...this.#atHand].map(({ at }) => at));
    return this.#atHand.size === 0 ? 0 : Math.max(this.#options.clock.now() - oldest, 0);
  }

  ring(): void {
    this.#drain?.ring();
    this.#pause.end();
  }

  stop(): void {
    this.#stopped = true;
    void this.#drain?.stop();
    this.#pause.stop();
  }

  async close(): Promise<void> {
    this.stop();
    const timer = this.#options.clock.after(closeGraceMs, () => this.#cut.abort());
    const idle = new Promise<void>((resolve) => {
      this.#idle = resolve;
      if (this.#atHand.size === 0) resolve();
    });
    await Promise.all([idle, this.#drain?.stop()]);
    timer.cancel();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  settle(message: Message, after?: number): Promise<boolean> {
    return this.#holding(message, () => this.#settle(message, { ...this.#wayOf(message), after }));
  }

  async settleSome(messages: readonly Message[], after?: number): Promise<number> {
    const [first] = messages;
    if (first === undefined) return 0;
    const way = { ...this.#wayOf(first), after };
    return this.#holding(first, async () => {
      const { clock } = this.#options;
      const began = clock.monotonicMs();
      const group = this.#groupOf(way.stream);
      const company = this.#companyOf(messages, way, group);
      const count = company.length > 1 && (await this.#settleTogether(company, way, group)) ? company.length : 1;
      if (count === 1 && !(await this.#settle(first, way))) return 0;
      group.went(count, clock.monotonicMs() - began);
      return count;
    });
  }

  async #holding<T>(message: Message, work: () => Promise<T>): Promise<T> {
    this.#atHand.add(message);
    try {
      return await work();
    } finally {
      this.#atHand.delete(message);
      if (this.#atHand.size === 0) this.#idle?.();
    }
  }

  #groupOf(stream: string): GroupSize {
    const group = this.#groups.get(stream) ?? new GroupSize();
    this.#groups.set(stream, group);
    return group;
  }

  /** Those from the first on that may be applied in one transaction. Data that were put aside are fetched before it begins, for one message at a time. */
  #companyOf(messages: readonly Message[], { by, stream }: Way, { size }: GroupSize): readonly Message[] {
    if (this.#options.deliveries.deliverTogether === undefined || by === 'id') return [];
    const some = messages.slice(0, size);
    const apart = some.findIndex((message) => claimIn(message) !== undefined || this.#streamOf(message) !== stream);
    return apart === -1 ? some : some.slice(0, apart);
  }

  /** Whether they were applied in one transaction; otherwise nothing has happened. */
  async #settleTogether(messages: readonly Message[], way: Way, group: GroupSize): Promise<boolean> {
    const { deliveries: store } = this.#options;
    const outcomes = await attemptTogether(
      this.#kit,
      messages,
      this.#cut.signal,
      async (deliveries) => await store.deliverTogether?.(deliveries, way),
    );
    if (outcomes === undefined) group.failed(messages.length);
    if (outcomes === undefined || outcomes.includes('paused')) return false;
    for (const [index, message] of messages.entries()) {
      this.#limit.met(message.key);
      this.#settled(message, way, outcomes[index] as Exclude<DeliveryOutcome, 'paused'>);
    }
    return true;
  }

  async #settle(message: Message, way: Way): Promise<boolean> {
    const { deliveries, clock } = this.#options;
    this.#limit.met(message.key);
    const began = clock.monotonicMs();
    for (let failures = 0; !this.#stopped; ) {
      const tried = await attempt(this.#kit, message, this.#cut.signal, (call, effect) =>
        deliveries.deliver(message, call, effect, way),
      );
      if (tried.ok) {
        if (tried.value !== 'paused') {
          this.#settled(message, way, tried.value);
          return true;
        }
        this.#troubles.set(way.stream, { status: 'paused', failures, error: undefined });
        await this.#pause.for(pausedMs);
      } else {
        if (this.#cut.signal.aborted) return false;
        if (codeOf(tried.error) === messagingErrors.POSITION_LOST.code) throw tried.error;
        failures += 1;
        const patience = this.#patience(tried, failures, clock.monotonicMs() - began);
        if (patience === 'park' && (await this.#park(message, way, tried.error))) return true;
        this.#failedToApply(message, way, tried.error, failures, patience === 'retry' ? 'retrying' : 'stuck');
        await this.#pause.for(this.#pauseMs(failures, patience === 'retry' ? longestPauseInPlaceMs : longestPauseMs));
      }
    }
    return false;
  }

  #wayOf(message: Message): Way {
    const { source, by } = this.#options;
    return { by, stream: this.#streamOf(message), parkedAs: source };
  }

  #streamOf(message: Message): string {
    const { source, streamOf } = this.#options;
    return streamOf?.(message) ?? source;
  }

  /** Whether a failed message is tried again in its place, parked, or held until the store works again. */
  #patience({ error, ofEffect }: Extract<Tried<unknown>, { ok: false }>, tries: number, forMs: number) {
    const { attemptsInPlace = 3, transientMs = 10_000 } = this.#retry;
    const kind = this.#classify(error);
    if (kind === 'transient' && !ofEffect) return 'hold';
    if (kind === 'transient' ? forMs < transientMs : kind === 'plain' && tries < attemptsInPlace) return 'retry';
    return 'park';
  }

  async #park(message: Message, way: Way, error: unknown): Promise<boolean> {
    if (this.#store === undefined || !this.#limit.mayPark()) return false;
    const { clock, telemetry } = this.#options;
    const { source, key, type, id, position } = message;
    const tries = { attempts: 1, at: clock.now(), random: this.#random };
    try {
      const outcome = await this.#store.park(message, failureOf(error, message.kind, tries, this.#retry), way);
      const where = { source, key, type, id, position, error };
      if (outcome === 'parked') telemetry.log.error('a message cannot be applied: its key is parked', where);
      if (outcome === 'paused') return false;
      this.#settled(message, way, outcome);
      this.#drain?.ring();
      return true;
    } catch (failure) {
      telemetry.log.warn('a message that cannot be applied cannot be parked either', { source, key, error: failure });
      return false;
    }
  }

  #settled(message: Message, { stream }: Way, outcome: Exclude<DeliveryOutcome, 'paused'>): void {
    const failures = this.#troubles.get(stream)?.failures ?? 0;
    if (failures > 0)
      this.#options.telemetry.log.info('goes on after the message that had held it up', { source: stream, failures });
    this.#troubles.delete(stream);
    if (outcome === 'applied') this.#limit.applied();
    this.#applied(message, outcome);
  }

  #applied({ source, type, at }: Message, outcome: string): void {
    this.#count.add(1, { source, type, outcome });
    if (outcome !== 'parked') this.#seconds.record((this.#options.clock.now() - at) / 1_000, { source });
  }

  #failedToApply(message: Message, way: Way, error: unknown, failures: number, status: 'retrying' | 'stuck'): void {
    const { source } = this.#options;
    const { type, id, position, key } = message;
    this.#count.add(1, { source, type, outcome: 'failed' });
    this.#troubles.set(way.stream, { status, failures, error: { code: codeOf(error), message: messageOf(error) } });
    // The first time, and then ever more seldom: at 2, 4, 8, 16 …
    if ((failures & (failures - 1)) === 0) {
      const where = { source, failures, key, position, type, id, error };
      this.#options.telemetry.log.warn('a message cannot be applied; those behind it wait', where);
    }
  }

  #pauseMs(failures: number, longestMs: number): number {
    return Math.min(20 * 2 ** Math.min(failures - 1, 20), longestMs) * (0.5 + this.#random.next() / 2);
  }
}

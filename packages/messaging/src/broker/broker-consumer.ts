import type { Clock, HealthCheck, Random } from '@dure/core';
import { codeOf, messageOf, wait } from '@dure/core';
import type { Telemetry } from '@dure/telemetry';
import type { Dispatch, Whole } from '../attempts/delivery-attempt.ts';
import type { Broker, BrokerRecord, Subscription } from '../broker.port.ts';
import { trackOf } from '../broker-lane.ts';
import type { DeliveryStore, StreamReached } from '../delivery-store.port.ts';
import { messagingErrors } from '../errors.ts';
import { deliveryHealth } from '../feed/delivery-health.ts';
import type { FeedSource } from '../feed/feed-source.port.ts';
import type { RetryPolicy, Settler, SettlerState } from '../feed/settler.ts';
import { startSettler } from '../feed/settler.ts';
import type { Message } from '../message.ts';
import { ArrivalTelemetry } from './arrival-telemetry.ts';
import { chainFrom } from './chain.ts';
import type { Arrival } from './envelope.ts';
import type { SourceEras } from './source-eras.ts';
import { sourceEras } from './source-eras.ts';
import type { SourceReach } from './source-reach.ts';
import { sourceReach } from './source-reach.ts';

export interface BrokerConsumerOptions<Tx> {
  readonly broker: Broker;
  /** The service that consumes: the name of its group. */
  readonly as: string;
  readonly topics: readonly string[];
  /** The services whose messages it is known to get; what is parked of them is looked at from the beginning. */
  readonly sources: readonly string[];
  /** Whether it has something to do with a message; others of a topic are passed over. */
  readonly wants: (message: Message) => boolean;
  /** The log of a source, for what the broker has lost or does not carry. Undefined for a source that it may not read. */
  readonly feed: (source: string) => FeedSource | undefined;
  readonly deliveries: DeliveryStore<Tx>;
  readonly dispatch: Dispatch<Tx>;
  readonly clock: Clock;
  readonly random: Random;
  readonly telemetry: Telemetry;
  /** The longest time one try of one message may take, in milliseconds. Default 30 000. */
  readonly attemptTimeoutMs?: number;
  /** Fetches the data of messages that have put them aside. Default: a reference stands in their place. */
  readonly whole?: Whole;
  readonly retry?: RetryPolicy;
}

/** How a consumer is doing with the messages of one service. */
export interface BrokerSource {
  readonly state: SettlerState & { readonly source: string };
  readonly health: HealthCheck;
  /** Somebody has changed what is parked or paused: looks at once. */
  ring(): void;
}

/** A consumer that runs until it is closed. */
export interface BrokerConsumer extends AsyncDisposable {
  /** The connection, and the lanes that cannot be followed. */
  readonly health: HealthCheck;
  readonly sources: readonly BrokerSource[];
  /** Whether everything of a source up to a position has been applied or parked, by whichever process. It asks the source. */
  holds(source: string, position: number): Promise<boolean>;
  /** Lets the messages at hand finish (for at most 2 s), then ends. Idempotent. */
  close(): Promise<void>;
}

/** A lane whose place cannot be looked up, or whose gap cannot be read. */
interface Stuck {
  readonly failures: number;
  readonly code: string | undefined;
  readonly message: string;
}

const nowhere: StreamReached = { position: 0, era: undefined };
/** After these, what is known of a lane is read anew. */
const outdated = new Set<string | undefined>([messagingErrors.POSITION_LOST.code, messagingErrors.FEED_AHEAD.code]);
const longestPauseMs = 30_000;
/** How often it is stored how far a lane is by messages that were passed over. */
const passedEveryMs = 5_000;

/**
 * Applies what a broker brings, each message exactly once: the position of its lane moves in the transaction of the effect, and only
 * then it is acknowledged. What comes twice is dropped. What is missing, because the broker lost it or never had it, shows in the
 * chain of positions and is taken from the log of its source. A message that cannot be applied is tried again for a moment; then its
 * key is parked, under the name of its source as with the feed, and all others go on.
 */
export function startBrokerConsumer<Tx>(options: BrokerConsumerOptions<Tx>): BrokerConsumer {
  return new Consumer(options);
}

class Consumer<Tx> implements BrokerConsumer {
  readonly #options: BrokerConsumerOptions<Tx>;
  readonly #stop = new AbortController();
  readonly #told: ArrivalTelemetry;
  readonly #settlers = new Map<string, Settler>();
  readonly #subscriptions: readonly Subscription[];
  /** How far each lane is, as far as this process knows, and the era of its source's log in which it got there. */
  readonly #known = new Map<string, number>();
  readonly #eras = new Map<string, string | undefined>();
  /** How far each lane is by what was settled here, which is stored. */
  readonly #settled = new Map<string, number>();
  /** Lanes that have got further by messages that were none of the consumer's business, which is stored now and then and at the end. */
  readonly #passed = new Set<string>();
  readonly #storedAtMs = new Map<string, number>();
  readonly #stuck = new Map<string, Stuck>();
  readonly #lines: SourceEras;
  readonly #reach: SourceReach;
  #closing: Promise<void> | undefined;

  constructor(options: BrokerConsumerOptions<Tx>) {
    const { telemetry, broker, topics, sources, as: group } = options;
    this.#options = options;
    this.#told = new ArrivalTelemetry(telemetry);
    for (const source of sources) this.#settlerOf(source);
    const { signal } = this.#stop;
    this.#lines = sourceEras({ ...options, signal });
    const reached = (track: string, wanted: number) => this.#reached(track, wanted);
    this.#reach = sourceReach({ ...options, eras: this.#lines, reached, signal });
    this.#subscriptions = topics.map((topic) =>
      broker.subscribe({ topic, group, handle: (records, signal) => this.#take(records, signal) }),
    );
  }

  get health(): HealthCheck {
    const { broker } = this.#options;
    return {
      name: `broker-${broker.kind}`,
      groups: [],
      check: () => {
        const { status, error } = broker.state;
        const stuck = Object.fromEntries(this.#stuck);
        const details = { status, ...(error === undefined ? {} : { error }), stuck };
        return { status: this.#stuck.size > 0 || status !== 'connected' ? 'DOWN' : 'UP', details };
      },
    };
  }

  get sources(): readonly BrokerSource[] {
    return [...this.#settlers].map(([source, settler]) => ({
      state: { source, ...settler.state },
      health: { name: `broker-${source}`, groups: [], check: () => deliveryHealth(settler.state) },
      ring: () => settler.ring(),
    }));
  }

  holds(source: string, position: number): Promise<boolean> {
    return this.#reach.holds(source, position);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #close(): Promise<void> {
    this.#stop.abort();
    const settled = [...this.#settlers.values()].map((settler) => settler.close());
    await Promise.all([...this.#subscriptions.map((subscription) => subscription.close()), ...settled]);
    const noted = [...this.#passed].map((track) => this.#notePassed(track));
    await Promise.all(noted).catch(() => undefined);
  }

  /** A service that nobody has announced may have been addressed by another version of this one. */
  #settlerOf(source: string): Settler {
    const known = this.#settlers.get(source);
    if (known !== undefined) return known;
    const settler = startSettler({ ...this.#options, source, streamOf: trackOf });
    this.#settlers.set(source, settler);
    return settler;
  }

  /** Lane after lane, so that messages of one are beside each other; says how many from the front on it came to before the end. */
  async #take(records: readonly BrokerRecord[], signal: AbortSignal): Promise<number> {
    const arrivals = records.map((record) => this.#told.read(record));
    const left = new Set(arrivals.filter((arrival) => arrival !== undefined));
    for (const [track, lane] of Map.groupBy(left, ({ message }) => trackOf(message))) {
      for (let rest = lane, count = 1; rest.length > 0 && count > 0; rest = rest.slice(count)) {
        count = await this.#takeSome(rest, track, signal);
        for (const arrival of rest.slice(0, count)) left.delete(arrival);
      }
    }
    const first = arrivals.findIndex((arrival) => arrival !== undefined && left.has(arrival));
    return first === -1 ? records.length : first;
  }

  /** How many of a lane, from the front on, may be acknowledged, however long it takes; 0: the end came before. */
  async #takeSome(arrivals: readonly Arrival[], track: string, signal: AbortSignal): Promise<number> {
    const { clock, random } = this.#options;
    const [arrival] = arrivals as [Arrival];
    const isOver = () => signal.aborted || this.#stop.signal.aborted;
    for (let failures = 1; !isOver(); failures += 1) {
      try {
        const count = await this.#apply(arrivals, track);
        if (this.#stuck.delete(track)) this.#told.goesOn(arrival.message, failures);
        return count;
      } catch (error) {
        if (isOver()) break;
        if (outdated.has(codeOf(error))) this.#forget(track);
        this.#stuck.set(track, { failures, code: codeOf(error), message: messageOf(error) });
        this.#told.failed(error, arrival.message, track, failures);
        const pauseMs = Math.min(20 * 2 ** Math.min(failures - 1, 20), longestPauseMs);
        await wait(clock, pauseMs * (0.5 + random.next() / 2), signal);
      }
    }
    // It is another's to follow now, or comes again.
    this.#stuck.delete(track);
    return 0;
  }

  /** How many of a lane it has applied or passed over: the first, and those that go with it. */
  async #apply(arrivals: readonly Arrival[], track: string): Promise<number> {
    const [arrival] = arrivals as [Arrival];
    const { message, previous, era, inLog } = arrival;
    const { source, position } = message;
    const isOther = () => era !== undefined && era !== this.#eras.get(track);
    let reached = this.#known.get(track);
    // Another process may have had the lane in between.
    if (reached === undefined || isOther()) reached = await this.#stored(source, track);
    if (isOther() && !(await this.#compare(arrival, reached, track))) {
      this.#told.lost(message);
      return 1;
    }
    if (previous > reached) reached = await this.#stored(source, track);
    if (position <= reached) {
      this.#told.duplicate(message);
      return 1;
    }
    const missing = inLog ? position : previous;
    if (missing > reached && !(await this.#fromLog(arrival, track, reached, missing)))
      return this.#apply(arrivals, track);
    if (inLog) return 1;
    if (!this.#options.wants(message)) {
      this.#pass(track, position);
      await this.#storePassed(track);
      return 1;
    }
    const company = chainFrom(arrivals).map((one) => one.message);
    const wanted = company.filter(this.#options.wants);
    const last = wanted[(await this.#settle(wanted, track)) - 1] ?? message;
    return company.indexOf(last) + 1;
  }

  #pass(track: string, position: number): void {
    this.#known.set(track, position);
    this.#passed.add(track);
  }

  /** So that whoever has the lane next need not look for what was passed over. */
  async #storePassed(track: string): Promise<void> {
    const now = this.#options.clock.monotonicMs();
    if (now - (this.#storedAtMs.get(track) ?? Number.NEGATIVE_INFINITY) < passedEveryMs) return;
    this.#storedAtMs.set(track, now);
    await this.#notePassed(track);
  }

  #notePassed(track: string): Promise<void> {
    return this.#options.deliveries.skipTo(track, this.#known.get(track) ?? 0, this.#eras.get(track));
  }

  /**
   * A lane goes on in another era when its source's log holds everything that the lane has read; whether the log holds the record as
   * well. `now`: the era that the log is in. MESSAGING_FEED_AHEAD.
   */
  async #compare(
    { message, previous, era = '' }: Arrival,
    position: number,
    track: string,
    now?: string,
  ): Promise<boolean> {
    const { source } = message;
    const reached = { position, era: this.#eras.get(track) };
    // Where nothing is reached there is nothing to compare, and the log need not be there.
    const isBeginning = position === 0 && reached.era === undefined && previous === 0;
    const record = { position: message.position, era };
    const change = { source, track, reached, record, ...(now === undefined ? {} : { now }) };
    const verdict = isBeginning ? undefined : await this.#lines.compare(change);
    await this.#enter(track, verdict?.era ?? era);
    return verdict?.holds ?? true;
  }

  /** Whether the log, which is in another era now, still holds a record, and so what was before it; the lane is in that era otherwise. */
  async #goesOn(arrival: Arrival, position: number, track: string, now: string): Promise<boolean> {
    if (arrival.era !== undefined && (await this.#compare(arrival, position, track, now))) return true;
    await this.#enter(track, now);
    return false;
  }

  /** Before anything of the era is applied, as with the feed. */
  async #enter(track: string, era: string): Promise<void> {
    if (era === this.#eras.get(track)) return;
    await this.#options.deliveries.enterEra(track, era);
    this.#eras.set(track, era);
  }

  /** Applies what the broker has not brought, of one lane, up to a position; false when the log is not the one of the record any more. */
  async #fromLog(arrival: Arrival, track: string, after: number, upTo: number): Promise<boolean> {
    const { source } = arrival.message;
    const feed = this.#options.feed(source);
    const readIn = this.#eras.get(track);
    let reached = after;
    for await (const { messages, mark, era } of feed?.open(after, this.#stop.signal, readIn) ?? []) {
      if (era !== undefined && era !== readIn && !(await this.#goesOn(arrival, after, track, era))) return false;
      const missing = messages.filter((message) => message.position <= upTo && trackOf(message) === track);
      for (let rest = missing; rest.length > 0; ) rest = rest.slice(await this.#settle(rest, track));
      reached = mark;
      if (mark >= upTo) break;
    }
    this.#stop.signal.throwIfAborted();
    if (feed !== undefined && reached < upTo) {
      throw messagingErrors.FEED_FAILED(`the log of ${source} ended at ${reached}, before ${upTo}`, {
        details: { source },
      });
    }
    this.#options.telemetry.log.info('took from the log what the broker did not bring', { source, track, after, upTo });
    this.#pass(track, upTo);
    return true;
  }

  /** Settles messages of a lane from the first on, and says how many. */
  async #settle(messages: readonly Message[], track: string): Promise<number> {
    const [{ source }] = messages as [Message];
    const count = await this.#settlerOf(source).settleSome(messages, this.#settled.get(track));
    const last = messages[count - 1];
    // A settler stops only when its consumer does.
    if (last === undefined) this.#stop.signal.throwIfAborted();
    else this.#moved(track, last.position);
    return count;
  }

  #moved(track: string, position: number): void {
    this.#settled.set(track, position);
    this.#known.set(track, position);
    this.#passed.delete(track);
  }

  /** What is known of a lane may no longer be so: it is read anew. */
  #forget(track: string): void {
    this.#known.delete(track);
    this.#eras.delete(track);
    this.#settled.delete(track);
    this.#passed.delete(track);
  }

  /** How far a lane is, by this process or by another one that has it now. */
  async #reached(track: string, wanted: number): Promise<StreamReached> {
    const known = this.#known.get(track) ?? 0;
    if (known >= wanted) return { position: known, era: this.#eras.get(track) };
    const [stored] = await this.#options.deliveries.reached([track]);
    return stored ?? { position: 0, era: undefined };
  }

  /** By lane, or by the whole log in the time before there was a broker. */
  async #stored(source: string, track: string): Promise<number> {
    const [own = nowhere, whole = nowhere] = await this.#options.deliveries.reached([track, source]);
    const isWhole = whole.position > own.position;
    if (isWhole && own.era !== whole.era) await this.#adopt(source, track, own, whole);
    const { position, era } = isWhole ? whole : own;
    // What this process knows of another era is of another line.
    const isOther = era !== this.#eras.get(track);
    if (isOther) this.#settled.delete(track);
    const known = isOther ? 0 : (this.#known.get(track) ?? 0);
    this.#known.set(track, Math.max(position, known));
    this.#eras.set(track, era);
    return Math.max(position, known);
  }

  /** A lane goes on where the log as a whole was read to, unless it has read what the log lost. MESSAGING_FEED_AHEAD. */
  async #adopt(source: string, track: string, own: StreamReached, whole: StreamReached): Promise<void> {
    const { deliveries } = this.#options;
    const { position, era } = own;
    if (era !== undefined) await this.#lines.compare({ source, track, reached: own, record: { position, era } });
    if (whole.era !== undefined) await deliveries.enterEra(track, whole.era);
    await deliveries.skipTo(track, whole.position, whole.era);
  }
}

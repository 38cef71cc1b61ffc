import type { Call, Clock, HealthCheck, Random } from '@dure/core';
import { codeOf, isRefusal, messageOf, parseTraceparent, plainOperation, startCall, systemRandom } from '@dure/core';
import type { Counter, Histogram, Telemetry } from '@dure/telemetry';
import type { DeliveryStore } from '../delivery-store.port.ts';
import type { Message, ReplyData } from '../message.ts';
import { baggageOf } from '../message-buffer.ts';
import type { LogPage } from '../message-log.port.ts';
import type { FeedSource } from './feed-source.port.ts';

/** Handles one message inside the transaction that also moves the position. */
export type Dispatch<Tx> = (message: Message, call: Call, tx: Tx) => Promise<ReplyData | undefined>;

export interface FeedConsumerOptions<Tx> {
  /** Where the messages come from: `httpFeed(…)` or `localFeed(…)`. */
  readonly feed: FeedSource;
  /** The service that consumes. */
  readonly as: string;
  readonly deliveries: DeliveryStore<Tx>;
  readonly dispatch: Dispatch<Tx>;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  readonly random?: Random;
  /** Stops it, as `close` does. */
  readonly signal?: AbortSignal;
  /** The longest time one try of one message may take, in milliseconds. Default 30 000. */
  readonly attemptTimeoutMs?: number;
}

/** How a consumer is doing. */
export interface FeedState {
  readonly source: string;
  /** `stuck`: a message cannot be applied, and nothing behind it is, so that the order is kept. */
  readonly status: 'connecting' | 'following' | 'stuck' | 'stopped';
  /** Everything up to here is applied or was none of this consumer's business. */
  readonly position: number;
  /** Age of the message at hand when it was last looked at, in milliseconds; 0 when there is none. */
  readonly behindMs: number;
  /** Tries in a row that have failed. */
  readonly failures: number;
  readonly error: { readonly code: string | undefined; readonly message: string } | undefined;
}

/** A consumer that runs until it is closed. */
export interface FeedConsumer extends AsyncDisposable {
  readonly state: FeedState;
  readonly health: HealthCheck;
  /** Lets the message at hand finish (for at most 2 s), then ends. Idempotent. */
  close(): Promise<void>;
}

const longestPauseMs = 30_000;
const closeGraceMs = 2_000;
const shortestFeedMs = 100;
/** How often the position is stored while only messages pass that are none of the consumer's business. */
const skipEveryMs = 5_000;

/**
 * Applies the messages of one source in order, each exactly once, for as long as it runs. A source that is down delays and
 * loses nothing. A message that cannot be applied is tried again, ever more seldom, and holds up those behind it.
 *
 * @example
 * const consumer = startFeedConsumer({ feed: httpFeed({ source: 'order', as: 'payment', … }), as: 'payment', deliveries, dispatch, … });
 */
export function startFeedConsumer<Tx>(options: FeedConsumerOptions<Tx>): FeedConsumer {
  return new Consumer(options);
}

class Consumer<Tx> implements FeedConsumer {
  readonly #options: FeedConsumerOptions<Tx>;
  readonly #stop = new AbortController();
  readonly #cut = new AbortController();
  readonly #random: Random;
  readonly #count: Counter;
  readonly #seconds: Histogram;
  readonly #done: Promise<void>;
  #state: FeedState;
  #stored = 0;
  #storedAtMs = 0;
  #hasFollowed = false;
  #endPause: (() => void) | undefined;

  constructor(options: FeedConsumerOptions<Tx>) {
    const { feed, telemetry, signal } = options;
    this.#options = options;
    this.#random = options.random ?? systemRandom;
    this.#count = telemetry.metrics.counter('messaging_messages', 'Messages from other services, by outcome');
    this.#seconds = telemetry.metrics.histogram(
      'messaging_delivery_seconds',
      'Time from the writing of a message to its being applied',
    );
    this.#state = {
      source: feed.source,
      status: 'connecting',
      position: 0,
      behindMs: 0,
      failures: 0,
      error: undefined,
    };
    signal?.addEventListener('abort', () => this.#stopPulling(), { once: true, signal: this.#stop.signal });
    if (signal?.aborted === true) this.#stopPulling();
    this.#done = this.#run();
  }

  get state(): FeedState {
    return this.#state;
  }

  get health(): HealthCheck {
    return {
      name: `feed-${this.#state.source}`,
      groups: [],
      check: () => {
        const { status, position, behindMs, failures, error } = this.#state;
        const details = { status, position, behindMs, failures, ...(error === undefined ? {} : { error }) };
        return { status: status === 'stuck' ? 'DOWN' : status === 'following' ? 'UP' : 'UNKNOWN', details };
      },
    };
  }

  async close(): Promise<void> {
    this.#stopPulling();
    const timer = this.#options.clock.after(closeGraceMs, () => this.#cut.abort());
    await this.#done;
    timer.cancel();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #stopPulling(): void {
    this.#stop.abort();
    this.#endPause?.();
  }

  async #run(): Promise<void> {
    const { feed, deliveries, clock } = this.#options;
    const { signal } = this.#stop;
    const unsubscribe = feed.onChange?.(() => this.#endPause?.());
    let known = false;
    while (!signal.aborted) {
      try {
        if (!known) {
          this.#stored = await deliveries.position(feed.source);
          this.#storedAtMs = clock.now();
          this.#set({ position: this.#stored });
          known = true;
        }
        const began = clock.monotonicMs();
        for await (const page of feed.open(this.#state.position, signal)) {
          if (!(await this.#take(page))) break;
        }
        // A feed that ends at once is asked again, but not in a tight loop.
        if (clock.monotonicMs() - began < shortestFeedMs) await this.#pause(shortestFeedMs);
      } catch (error) {
        if (signal.aborted) break;
        await this.#failed(error, 'the feed of a service cannot be read at the moment', 'connecting');
      }
    }
    unsubscribe?.();
    await this.#storeMark(true).catch(() => undefined);
    this.#set({ status: 'stopped', behindMs: 0 });
  }

  /** Applies a page; false when the consumer was stopped before its end. */
  async #take({ messages, mark }: LogPage): Promise<boolean> {
    if (this.#state.status !== 'following') this.#recovered('reads the feed');
    for (const message of messages) {
      if (!(await this.#apply(message))) return false;
      this.#stored = message.position;
      this.#set({ position: message.position, behindMs: 0 });
    }
    this.#set({ position: Math.max(mark, this.#state.position) });
    await this.#storeMark(false);
    return true;
  }

  /** Applies one message, however long it takes; false when the consumer was stopped before. */
  async #apply(message: Message): Promise<boolean> {
    const { clock } = this.#options;
    while (!this.#stop.signal.aborted) {
      try {
        const outcome = await this.#attempt(message);
        if (this.#state.status === 'stuck') this.#recovered('applied the message that had held it up');
        this.#count.add(1, { source: message.source, type: message.type, outcome });
        this.#seconds.record((clock.now() - message.at) / 1_000, { source: message.source });
        return true;
      } catch (error) {
        if (this.#cut.signal.aborted) return false;
        this.#count.add(1, { source: message.source, type: message.type, outcome: 'failed' });
        const where = { position: message.position, type: message.type, id: message.id };
        this.#set({ behindMs: clock.now() - message.at });
        await this.#failed(error, 'a message cannot be applied; those behind it wait', 'stuck', where);
      }
    }
    return false;
  }

  async #attempt(message: Message): Promise<'applied' | 'duplicate'> {
    const { as, clock, telemetry, deliveries, dispatch, attemptTimeoutMs = 30_000 } = this.#options;
    const parent = parseTraceparent(message.meta.traceparent);
    const span = telemetry.startSpan(message.kind === 'reply' ? `reply to ${message.type}` : message.type, {
      kind: 'consumer',
      ...(parent === undefined ? {} : { parent }),
      attributes: {
        'messaging.source': message.source,
        'messaging.position': message.position,
        'messaging.key': message.key,
      },
    });
    const refusal = message.kind === 'reply' ? refusalIn(message.data as ReplyData) : undefined;
    if (refusal !== undefined) span.set(refusalAttribute, refusal);
    const call = startCall({
      operation: { ...plainOperation(as, message.type), idempotent: 'key' },
      trace: span.context,
      identity: { kind: 'service', subject: message.source, roles: [], scopes: [] },
      idempotencyKey: message.id,
      baggage: baggageOf(message),
      signal: this.#cut.signal,
      deadline: clock.now() + attemptTimeoutMs,
    });
    try {
      return await deliveries.deliver(message, call, async (tx) => {
        const reply = await dispatch(message, call, tx).catch((error: unknown) => {
          if (isRefusal(error)) span.fail(error);
          throw error;
        });
        const refused = refusalIn(reply);
        if (refused !== undefined) span.set(refusalAttribute, refused);
        return reply;
      });
    } catch (error) {
      span.fail(error);
      throw error;
    } finally {
      span.end();
    }
  }

  async #failed(error: unknown, what: string, status: FeedState['status'], where: object = {}): Promise<void> {
    const failures = this.#state.failures + 1;
    const { log } = this.#options.telemetry;
    const { source } = this.#state;
    this.#set({ status, failures, error: { code: codeOf(error), message: messageOf(error) } });
    // The first time, and then ever more seldom: at 2, 4, 8, 16 … A source that starts beside us is given a moment.
    const patience = this.#hasFollowed || status === 'stuck' ? 1 : 8;
    if (failures >= patience && (failures & (failures - 1)) === 0)
      log.warn(what, { source, failures, error, ...where });
    const pauseMs = Math.min(20 * 2 ** Math.min(failures - 1, 20), longestPauseMs);
    await this.#pause(pauseMs * (0.5 + this.#random.next() / 2));
  }

  #recovered(what: string): void {
    const { source, failures } = this.#state;
    const wasTold = failures >= (this.#hasFollowed ? 1 : 8);
    this.#hasFollowed = true;
    if (wasTold) this.#options.telemetry.log.info(`the consumer ${what}`, { source, failures });
    this.#set({ status: 'following', failures: 0, error: undefined });
  }

  /** Stores how far the consumer looked, though nothing there was for it: now and then, and at the end. */
  async #storeMark(now: boolean): Promise<void> {
    const { deliveries, clock, feed } = this.#options;
    const { position } = this.#state;
    if (position <= this.#stored || (!now && clock.now() - this.#storedAtMs < skipEveryMs)) return;
    await deliveries.skipTo(feed.source, position);
    this.#stored = position;
    this.#storedAtMs = clock.now();
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

  #set(change: Partial<FeedState>): void {
    this.#state = { ...this.#state, ...change };
  }
}

const refusalAttribute = 'dure.refusal';

function refusalIn(reply: ReplyData | undefined): string | undefined {
  return reply?.ok === false ? reply.refusal.code : undefined;
}

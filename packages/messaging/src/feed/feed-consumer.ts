import type { Clock, HealthCheck, Random } from '@dure/core';
import { codeOf, messageOf, systemRandom } from '@dure/core';
import type { Telemetry } from '@dure/telemetry';
import type { Dispatch, Whole } from '../attempts/delivery-attempt.ts';
import { Pause } from '../attempts/pause.ts';
import type { DeliveryStore } from '../delivery-store.port.ts';
import { messagingErrors } from '../errors.ts';
import type { LogPage } from '../message-log.port.ts';
import { deliveryHealth } from './delivery-health.ts';
import type { FeedSource } from './feed-source.port.ts';
import type { RetryPolicy, Settler, SettlerState } from './settler.ts';
import { startSettler } from './settler.ts';

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
  /** Fetches the data of messages that have put them aside. Default: a reference stands in their place. */
  readonly whole?: Whole;
  readonly retry?: RetryPolicy;
}

/** How a consumer is doing. */
export interface FeedState extends Omit<SettlerState, 'status'> {
  readonly source: string;
  readonly status: 'connecting' | 'following' | 'stopped' | Exclude<SettlerState['status'], 'ready'>;
  /** Everything up to here is applied, parked, or was none of this consumer's business. */
  readonly position: number;
}

/** A consumer that runs until it is closed. */
export interface FeedConsumer extends AsyncDisposable {
  readonly state: FeedState;
  readonly health: HealthCheck;
  /** Somebody has changed what is parked or paused: looks at once. */
  ring(): void;
  /** Lets the message at hand finish (for at most 2 s), then ends. Idempotent. */
  close(): Promise<void>;
}

const longestPauseMs = 30_000;
const shortestFeedMs = 100;
/** How often the position is stored while only messages pass that are none of the consumer's business. */
const skipEveryMs = 5_000;
/** After these, how far the consumer is is read anew: it may be set back by somebody. */
const outdated = new Set<string | undefined>([messagingErrors.POSITION_LOST.code, messagingErrors.FEED_AHEAD.code]);
/** Failures before the first success that are not worth a word. */
const patience = 8;

interface OwnState {
  readonly status: 'connecting' | 'following' | 'stopped';
  readonly position: number;
  readonly failures: number;
  readonly error: FeedState['error'];
}

/**
 * Applies the messages of one source, each exactly once and those of one key in order, for as long as it runs. A source that
 * is down delays and loses nothing. A message that cannot be applied is tried again for a moment; then its key is parked and
 * tried in the background, and all others go on.
 *
 * @example
 * const consumer = startFeedConsumer({ feed: httpFeed({ source: 'order', as: 'payment', … }), as: 'payment', deliveries, dispatch, … });
 */
export function startFeedConsumer<Tx>(options: FeedConsumerOptions<Tx>): FeedConsumer {
  return new Consumer(options);
}

class Consumer<Tx> implements FeedConsumer {
  readonly #options: FeedConsumerOptions<Tx>;
  readonly #settler: Settler;
  readonly #pause: Pause;
  readonly #stop = new AbortController();
  readonly #random: Random;
  readonly #done: Promise<void>;
  #state: OwnState = { status: 'connecting', position: 0, failures: 0, error: undefined };
  #stored = 0;
  #era: string | undefined;
  #storedAtMs = 0;
  #hasFollowed = false;

  constructor(options: FeedConsumerOptions<Tx>) {
    const { feed, clock, signal } = options;
    this.#options = options;
    this.#pause = new Pause(clock);
    this.#random = options.random ?? systemRandom;
    this.#settler = startSettler({ ...options, source: feed.source });
    signal?.addEventListener('abort', () => this.#stopPulling(), { once: true, signal: this.#stop.signal });
    if (signal?.aborted === true) this.#stopPulling();
    this.#done = this.#run();
  }

  get state(): FeedState {
    const { source } = this.#options.feed;
    const own = this.#state;
    const { status, behindMs, failures, error, standing } = this.#settler.state;
    if (own.status !== 'following' || status === 'ready') return { source, ...own, behindMs, standing };
    return { source, status, position: own.position, behindMs, failures, error, standing };
  }

  get health(): HealthCheck {
    return { name: `feed-${this.#options.feed.source}`, groups: [], check: () => deliveryHealth(this.state) };
  }

  ring(): void {
    this.#settler.ring();
    this.#pause.end();
  }

  async close(): Promise<void> {
    this.#stopPulling();
    await Promise.all([this.#done, this.#settler.close()]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #stopPulling(): void {
    this.#stop.abort();
    this.#settler.stop();
    this.#pause.stop();
  }

  async #run(): Promise<void> {
    const { feed, deliveries, clock } = this.#options;
    const { signal } = this.#stop;
    const unsubscribe = feed.onChange?.(() => this.#pause.end());
    let known = false;
    while (!signal.aborted) {
      try {
        if (!known) {
          this.#stored = await deliveries.position(feed.source);
          this.#era = await deliveries.era(feed.source);
          this.#storedAtMs = clock.now();
          this.#set({ position: this.#stored });
          known = true;
        }
        const began = clock.monotonicMs();
        for await (const page of feed.open(this.#state.position, signal, this.#era)) {
          if (!(await this.#take(page))) break;
        }
        // A feed that ends at once is asked again, but not in a tight loop.
        if (clock.monotonicMs() - began < shortestFeedMs) await this.#pause.for(shortestFeedMs);
      } catch (error) {
        if (signal.aborted) break;
        if (outdated.has(codeOf(error))) {
          known = false;
          this.#set({ position: this.#stored }); // What was only looked at is of no worth any more.
        }
        await this.#failed(error);
      }
    }
    unsubscribe?.();
    await this.#storeMark(true).catch(() => undefined);
    this.#set({ status: 'stopped' });
  }

  /** Settles a page; false when the consumer was stopped before its end. */
  async #take({ messages, mark, era }: LogPage): Promise<boolean> {
    if (era !== undefined) await this.#enter(era);
    if (this.#state.status !== 'following') this.#recovered();
    for (let left = messages; left.length > 0; ) {
      const count = await this.#settler.settleSome(left, this.#stored);
      const last = left[count - 1];
      if (last === undefined) return false;
      this.#stored = Math.max(last.position, this.#stored);
      this.#set({ position: Math.max(last.position, this.#state.position) });
      left = left.slice(count);
    }
    this.#set({ position: Math.max(mark, this.#state.position) });
    await this.#storeMark(false);
    return true;
  }

  /** What is applied in an era must never be taken for something of an earlier one, which this log may have lost. */
  async #enter(era: string): Promise<void> {
    if (era === this.#era) return;
    const { deliveries, feed } = this.#options;
    await deliveries.enterEra(feed.source, era);
    this.#era = era;
  }

  async #failed(error: unknown): Promise<void> {
    const failures = this.#state.failures + 1;
    const { source } = this.#options.feed;
    this.#set({ status: 'connecting', failures, error: { code: codeOf(error), message: messageOf(error) } });
    // The first time, and then ever more seldom: at 2, 4, 8, 16 … A source that starts beside us is given a moment.
    if (failures >= (this.#hasFollowed ? 1 : patience) && (failures & (failures - 1)) === 0) {
      const { log } = this.#options.telemetry;
      log.warn('the feed of a service cannot be read at the moment', { source, failures, error });
    }
    const pauseMs = Math.min(20 * 2 ** Math.min(failures - 1, 20), longestPauseMs);
    await this.#pause.for(pauseMs * (0.5 + this.#random.next() / 2));
  }

  #recovered(): void {
    const { failures } = this.#state;
    const { source } = this.#options.feed;
    if (failures >= (this.#hasFollowed ? 1 : patience))
      this.#options.telemetry.log.info('the consumer reads the feed', { source, failures });
    this.#hasFollowed = true;
    this.#set({ status: 'following', failures: 0, error: undefined });
  }

  /** Stores how far the consumer looked, though nothing there was for it: now and then, and at the end. */
  async #storeMark(now: boolean): Promise<void> {
    const { deliveries, clock, feed } = this.#options;
    const { position } = this.#state;
    if (position <= this.#stored || (!now && clock.now() - this.#storedAtMs < skipEveryMs)) return;
    await deliveries.skipTo(feed.source, position, this.#era);
    this.#stored = position;
    this.#storedAtMs = clock.now();
  }

  #set(change: Partial<OwnState>): void {
    this.#state = { ...this.#state, ...change };
  }
}

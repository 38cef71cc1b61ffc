import type { Call, Clock, HealthCheck, Random } from '@dure/core';
import { codeOf, messageOf, systemRandom } from '@dure/core';
import type { Counter, Telemetry } from '@dure/telemetry';
import type { Whole } from '../attempts/delivery-attempt.ts';
import { attempt } from '../attempts/delivery-attempt.ts';
import { Pause } from '../attempts/pause.ts';
import type { FeedSource } from '../feed/feed-source.port.ts';
import type { Message } from '../message.ts';
import type { Replay, ReplayStore } from '../replay-store.port.ts';
import { isPast } from './is-past.ts';

export interface ReplayerOptions<Tx> {
  /** The service whose reactions are replayed. */
  readonly as: string;
  readonly store: ReplayStore<Tx>;
  /** Runs one reaction, whatever else its service makes of the event. */
  readonly react: (reaction: string, message: Message, call: Call, tx: Tx) => Promise<void>;
  /** The log of a source, as it is at the moment. Undefined for a source that it may not read. */
  readonly feed: (source: string) => FeedSource | undefined;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  readonly random?: Random;
  /** Tries of a message before its replay stops. Default 3. */
  readonly attempts?: number;
  /** The longest time one try may take, in milliseconds. Default 30 000. */
  readonly attemptTimeoutMs?: number;
  /** Fetches the data of messages that have put them aside. Default: a reference stands in their place. */
  readonly whole?: Whole;
}

/** Carries out the replays of a service, until it is closed. */
export interface Replayer extends AsyncDisposable {
  readonly health: HealthCheck;
  /** A replay has begun, or somebody has done something about one. */
  ring(): void;
  /** Lets the message at hand finish, then ends. Idempotent. */
  close(): Promise<void>;
}

const idleMs = 1_000;
const longestTurnMs = 2_000;
const heldAtOnce = 100;

/**
 * Delivers the past once more, each message in one transaction with the replay's place in it: whoever dies, nothing is delivered
 * twice by one replay, and any process of the service goes on with it.
 */
export function startReplayer<Tx>(options: ReplayerOptions<Tx>): Replayer {
  return new Worker(options);
}

class Worker<Tx> implements Replayer {
  readonly #options: ReplayerOptions<Tx>;
  readonly #random: Random;
  readonly #pause: Pause;
  readonly #stop = new AbortController();
  readonly #count: Counter;
  readonly #done: Promise<void>;
  /** Where replays were that another process seems to work on. */
  readonly #others = new Map<string, string>();
  #stopped: readonly Replay[] = [];
  #failure: string | undefined;

  constructor(options: ReplayerOptions<Tx>) {
    const { clock, telemetry } = options;
    this.#options = options;
    this.#random = options.random ?? systemRandom;
    this.#pause = new Pause(clock);
    this.#count = telemetry.metrics.counter('messaging_replayed', 'Messages delivered once more, by reaction');
    this.#done = this.#run();
  }

  get health(): HealthCheck {
    return {
      name: 'replays',
      groups: [],
      check: () => ({
        status: this.#stopped.length > 0 || this.#failure !== undefined ? 'DOWN' : 'UP',
        details: {
          stopped: Object.fromEntries(this.#stopped.map(({ reaction, error }) => [reaction, error?.message])),
          ...(this.#failure === undefined ? {} : { failure: this.#failure }),
        },
      }),
    };
  }

  ring(): void {
    this.#pause.end();
  }

  async close(): Promise<void> {
    this.#stop.abort();
    this.#pause.stop();
    await this.#done;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #run(): Promise<void> {
    const { store, telemetry } = this.#options;
    const { signal } = this.#stop;
    while (!signal.aborted) {
      let moved = false;
      try {
        const open = await store.open();
        this.#stopped = open.filter(({ state }) => state === 'stopped');
        for (const replay of open) {
          if (replay.state === 'running' && !signal.aborted) moved = (await this.#work(replay)) || moved;
        }
        this.#failure = undefined;
      } catch (error) {
        if (signal.aborted) break;
        if (this.#failure === undefined) telemetry.log.warn('a replay cannot go on at the moment', { error });
        this.#failure = messageOf(error);
        moved = false;
      }
      if (!moved) await this.#pause.for(idleMs);
    }
  }

  /** A turn at a replay; whether it got further. */
  async #work(replay: Replay): Promise<boolean> {
    const place = `${replay.position} ${replay.applied}`;
    const before = this.#others.get(replay.id);
    this.#others.delete(replay.id);
    // Another was at it a moment ago: it is left to that one for as long as it gets further.
    if (before !== undefined && before !== place) {
      this.#others.set(replay.id, place);
      return false;
    }
    const moved = replay.position < replay.upTo ? await this.#past(replay) : await this.#held(replay);
    if (moved === 'elsewhere') this.#others.set(replay.id, place);
    return moved === true;
  }

  async #past(first: Replay): Promise<boolean | 'elsewhere'> {
    const { clock, store } = this.#options;
    const over = new AbortController();
    const end = () => over.abort();
    this.#stop.signal.addEventListener('abort', end, { once: true });
    const until = clock.monotonicMs() + longestTurnMs;
    let replay = first;
    try {
      for await (const { messages, mark } of this.#options.feed(first.source)?.open(first.position, over.signal) ??
        []) {
        for (const message of messages) {
          if (!wanted(replay, message)) continue;
          const outcome = await this.#deliver(replay, message);
          if (outcome !== true) return outcome;
          replay = { ...replay, position: message.position };
          if (this.#stop.signal.aborted) return true;
        }
        const reached = Math.min(mark, replay.upTo);
        if (reached > replay.position && !(await store.pass(replay, reached))) return 'elsewhere';
        replay = { ...replay, position: Math.max(reached, replay.position) };
        if (replay.position >= replay.upTo || clock.monotonicMs() > until) break;
      }
    } finally {
      end();
      this.#stop.signal.removeEventListener('abort', end);
    }
    return replay.position > first.position;
  }

  async #deliver(replay: Replay, message: Message): Promise<boolean | 'elsewhere'> {
    const { store } = this.#options;
    const tried = await this.#try(replay, message, (call, effect) => store.apply(replay, message, call, effect));
    if (tried === 'applied') this.#count.add(1, { reaction: replay.reaction });
    return tried === 'elsewhere' ? 'elsewhere' : tried !== 'stopped';
  }

  async #held(replay: Replay): Promise<boolean | 'elsewhere'> {
    const { store, telemetry } = this.#options;
    const held = await store.held(replay.id, heldAtOnce);
    if (held.length === 0) {
      const finished = await store.finish(replay.id);
      const { reaction, source, applied } = replay;
      if (finished) telemetry.log.info('a replay is done', { reaction, source, applied });
      return finished;
    }
    for (const one of held) {
      const tried = await this.#try(replay, one.message, (call, effect) => store.release(replay, one, call, effect));
      if (tried === 'elsewhere') return 'elsewhere';
      if (tried === 'stopped' || this.#stop.signal.aborted) return false;
    }
    return true;
  }

  async #try<R>(
    replay: Replay,
    message: Message,
    run: (call: Call, effect: (tx: Tx) => Promise<undefined>) => Promise<R>,
  ): Promise<R | 'stopped'> {
    const { attempts = 3, attemptTimeoutMs = 30_000, store, react, telemetry } = this.#options;
    const { reaction, id } = replay;
    const dispatch = async (one: Message, call: Call, tx: Tx) => {
      await react(reaction, one, call, tx);
      return undefined;
    };
    for (let tries = 1; ; tries += 1) {
      const tried = await attempt(
        { ...this.#options, dispatch, attemptTimeoutMs },
        message,
        this.#stop.signal,
        (call, effect) => run(call, effect as (tx: Tx) => Promise<undefined>),
      );
      if (tried.ok) return tried.value;
      const { error } = tried;
      if (this.#stop.signal.aborted || !tried.ofEffect) throw error;
      if (tries >= attempts) {
        telemetry.log.error('a replay has stopped: a message cannot be applied', {
          reaction,
          replay: id,
          message: message.id,
          error,
        });
        await store.stop(replay, {
          code: codeOf(error),
          message: messageOf(error),
          id: message.id,
          position: message.position,
        });
        return 'stopped';
      }
      await this.#pause.for(20 * 4 ** (tries - 1) * (0.5 + this.#random.next() / 2));
    }
  }
}

function wanted({ event, key, since = 0, position, upTo, start }: Replay, message: Message): boolean {
  return (
    message.kind === 'event' &&
    message.type === event &&
    message.position > position && // a carrier may bring it twice
    message.position <= upTo &&
    (key === undefined || message.key === key) &&
    message.at >= since &&
    isPast(start, message)
  );
}

import type { Clock, HealthCheck, Random } from '@dure/core';
import { codeOf, messageOf, wait } from '@dure/core';
import type { Counter, Telemetry } from '@dure/telemetry';
import type { Broker } from '../broker.port.ts';
import { brokerLaneOf } from '../broker-lane.ts';
import { inEra } from '../feed/in-era.ts';
import type { LogTail } from '../log-tail.ts';
import type { Message } from '../message.ts';
import type { MessageLog } from '../message-log.port.ts';
import type { RelayMark, RelayStore } from '../relay-store.port.ts';
import { toRecord } from './envelope.ts';
import { RelayWindow } from './relay-window.ts';
import type { Routes } from './topics.ts';

export interface RelayOptions {
  /** The service whose log is published. */
  readonly service: string;
  /** This process, among others of the service. */
  readonly owner: string;
  readonly log: MessageLog;
  readonly tail: LogTail;
  readonly store: RelayStore;
  readonly broker: Broker;
  readonly routes: Routes;
  readonly clock: Clock;
  readonly random: Random;
  readonly telemetry: Telemetry;
  /** How many messages may be under way to the broker. Default 256. */
  readonly window?: number;
  /** The largest data that the broker takes, in bytes. Default 900 000. */
  readonly maxBytes?: number;
  /** How long a process keeps the turn without a sign of life, in milliseconds. Default 5 000. */
  readonly leaseMs?: number;
}

/** How a relay is doing. */
export interface RelayState {
  /** `waiting`: another process of the service publishes. `failing`: the broker takes nothing, and the log grows. */
  readonly status: 'waiting' | 'publishing' | 'failing' | 'stopped';
  /** Everything up to here is confirmed. */
  readonly position: number;
  /** Age of the oldest message that is not confirmed, in milliseconds; 0 when there is none. */
  readonly behindMs: number;
  readonly failures: number;
  readonly error: { readonly code: string | undefined; readonly message: string } | undefined;
}

/** A relay at work. */
export interface Relay extends AsyncDisposable {
  readonly state: RelayState;
  readonly health: HealthCheck;
  /** Waits a moment for what is under way, notes the mark, gives the turn back. Idempotent. */
  close(): Promise<void>;
}

const longestPauseMs = 10_000;
const saveEveryMs = 250;
const closeGraceMs = 1_500;

/**
 * Publishes a service's log to a broker, in order, each message at least once: by one process of the service at a time, from the mark
 * up to which everything is confirmed. While the broker is away the log grows, and nothing else happens.
 *
 * Two that publish at once, because one was frozen, do no harm: both publish the same records in the same order, and consumers drop
 * what they have.
 */
export function startRelay(options: RelayOptions): Relay {
  return new LogRelay(options);
}

class LogRelay implements Relay {
  readonly #options: RelayOptions;
  readonly #leaseMs: number;
  readonly #stop = new AbortController();
  readonly #count: Counter;
  readonly #done: Promise<void>;
  #window: RelayWindow | undefined;
  /** When the oldest message was written that waits, while the broker does not even take the first. */
  #waitingSince: number | undefined;
  #state: Omit<RelayState, 'behindMs'> = { status: 'waiting', position: 0, failures: 0, error: undefined };

  constructor(options: RelayOptions) {
    const { telemetry, service, leaseMs = 5_000 } = options;
    this.#options = options;
    this.#leaseMs = leaseMs;
    this.#count = telemetry.metrics.counter('messaging_relayed', 'Messages that a broker has confirmed, by topic');
    telemetry.metrics.gauge(
      'messaging_relay_behind_seconds',
      `Age of the oldest message of ${service} that no broker has confirmed`,
      () => this.state.behindMs / 1_000,
    );
    this.#done = this.#run();
  }

  get state(): RelayState {
    const oldest = this.#window?.oldestAt ?? this.#waitingSince;
    return { ...this.#state, behindMs: oldest === undefined ? 0 : Math.max(this.#options.clock.now() - oldest, 0) };
  }

  get health(): HealthCheck {
    return {
      name: 'relay',
      groups: [],
      check: () => {
        const { status, ...details } = this.state;
        return { status: status === 'failing' ? 'DOWN' : 'UP', details: { status, ...details } };
      },
    };
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await Promise.race([this.#done, wait(this.#options.clock, closeGraceMs)]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #run(): Promise<void> {
    const { store, owner, clock } = this.#options;
    const { signal } = this.#stop;
    while (!signal.aborted) {
      try {
        const mark = await store.claim(owner, this.#leaseMs);
        if (mark === undefined) {
          this.#set({ status: 'waiting' });
          await wait(clock, this.#leaseMs / 3, signal);
        } else {
          this.#set({ position: mark.position });
          await this.#publishFrom(mark);
        }
      } catch (error) {
        if (!signal.aborted) await this.#failed(error);
      }
    }
    await store.release(owner).catch(() => undefined);
    this.#set({ status: 'stopped' });
  }

  /** Publishes until the turn is lost, another era of the log begins, something fails or the relay is stopped. */
  async #publishFrom(mark: RelayMark): Promise<void> {
    const { broker, log, tail, routes, window: size = 256 } = this.#options;
    const over = new AbortController();
    const end = () => over.abort();
    this.#stop.signal.addEventListener('abort', end, { once: true });
    const window = new RelayWindow(mark, size, end);
    this.#window = window;
    const noting = this.#noteMarks(window, over.signal).finally(end);
    noting.catch(() => undefined);
    try {
      await broker.declare(routes.topics);
      await log.advance();
      const era = log.era();
      for await (const { messages, mark: end } of inEra(log, era, tail.follow(mark.position, 'all', over.signal))) {
        for (const message of messages) {
          await window.room();
          if (window.failure !== undefined || over.signal.aborted) break;
          this.#publish(message, era, window);
        }
        if (window.failure !== undefined || over.signal.aborted) break;
        window.pass(end);
      }
    } finally {
      end();
      this.#stop.signal.removeEventListener('abort', end);
      await window.settled();
      await noting;
    }
    if (window.failure !== undefined) throw window.failure;
  }

  #publish(message: Message, era: string | undefined, window: RelayWindow): void {
    const { broker, routes, maxBytes = 900_000 } = this.#options;
    const topic = routes.topicOf(message);
    if (topic === undefined) return;
    const { id, key, position } = message;
    const lane = brokerLaneOf(key);
    const previous = window.head(`${topic}/${lane}`, position);
    const record = toRecord(message, { previous, era }, maxBytes);
    const confirmed = broker.publish({ topic, lane, key, id, record }).then(() => {
      this.#count.add(1, { topic });
      if (this.#state.status !== 'publishing') this.#recovered();
    });
    window.add(message, confirmed);
  }

  /** Keeps the turn, and notes how far things are, now and then and at the end. */
  async #noteMarks(window: RelayWindow, over: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    let noted = window.mark.position;
    let notedAtMs = clock.monotonicMs();
    for (let ended = false; !ended; ) {
      ended = !(await wait(clock, Math.min(saveEveryMs, this.#leaseMs / 4), over));
      if (ended) await window.settled();
      const { mark } = window;
      this.#set({ position: mark.position });
      const due = clock.monotonicMs() - notedAtMs > this.#leaseMs / 3;
      if (mark.position === noted && !due) continue;
      if (!(await this.#options.store.move(this.#options.owner, mark, this.#leaseMs))) return;
      noted = mark.position;
      notedAtMs = clock.monotonicMs();
      if (this.#state.status === 'waiting') this.#set({ status: 'publishing' });
    }
  }

  async #failed(error: unknown): Promise<void> {
    const { clock, random, telemetry } = this.#options;
    const failures = this.#state.failures + 1;
    this.#set({ status: 'failing', failures, error: { code: codeOf(error), message: messageOf(error) } });
    this.#waitingSince = await this.#oldestWaiting().catch(() => undefined);
    // A broker that starts beside us is given a moment; then it is told ever more seldom.
    if (failures >= 4 && (failures & (failures - 1)) === 0) {
      const { behindMs } = this.state;
      telemetry.log.warn('messages wait in the log, because the broker does not take them', {
        failures,
        behindMs,
        error,
      });
    }
    const pauseMs = Math.min(50 * 2 ** Math.min(failures - 1, 20), longestPauseMs);
    await wait(clock, pauseMs * (0.5 + random.next() / 2), this.#stop.signal);
  }

  async #oldestWaiting(): Promise<number | undefined> {
    const { log, routes } = this.#options;
    const { messages } = await log.read(this.#state.position, 'all', 100);
    return messages.find((message) => routes.topicOf(message) !== undefined)?.at;
  }

  #recovered(): void {
    this.#waitingSince = undefined;
    const { failures } = this.#state;
    if (failures >= 4) this.#options.telemetry.log.info('the broker takes messages again', { failures });
    this.#set({ status: 'publishing', failures: 0, error: undefined });
  }

  #set(change: Partial<Omit<RelayState, 'behindMs'>>): void {
    this.#state = { ...this.#state, ...change };
  }
}

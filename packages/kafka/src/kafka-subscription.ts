import type { Clock, Random } from '@dure/core';
import { wait } from '@dure/core';
import type { SubscribeOptions, Subscription } from '@dure/messaging';
import { answeredInTime, messagingErrors, OrderedDeliveries } from '@dure/messaging';
import type { BaseOptions, Message, MessagesStream } from '@platformatic/kafka';
import { Consumer, MessagesStreamFallbackModes, MessagesStreamModes, stringDeserializers } from '@platformatic/kafka';
import { recordOf } from './wire.ts';

export interface KafkaSubscriptionOptions extends SubscribeOptions {
  readonly base: BaseOptions;
  readonly clock: Clock;
  readonly random: Random;
  readonly declare: () => Promise<void>;
  readonly told: (error: unknown) => void;
}

type Received = Message<string, Buffer, string, string>;
type ReceivedStream = MessagesStream<string, Buffer, string, string>;
type Member = Consumer<string, Buffer, string, string>;

/** The most records of one partition that are here; what comes beyond waits for a moment, or is let go and fetched again later. */
const mostOfPartition = 64;
/** How long reading waits for a partition that is full: one that is slow must not hold up the others, but to read again takes as long. */
const roomMs = 200;
const retryMs = 250;
const longestRetryMs = 1_000;
/** How long an answer may take, in milliseconds; joining a group waits for its other members. */
const answerMs = 15_000;

/** How far a partition is, while it is ours. */
interface Progress {
  /** The offset behind the last record that was taken in. */
  next: bigint;
  /** Records were let go, because those before them take long. */
  behind: boolean;
}

/**
 * Consumes a topic as a member of a group of Kafka's, which gives each partition to one member. The offset that is committed is the
 * one behind the last record that was taken.
 */
export class KafkaSubscription implements Subscription {
  readonly #options: KafkaSubscriptionOptions;
  readonly #deliveries: OrderedDeliveries;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  readonly #progress = new Map<number, Progress>();
  readonly #commits = new Map<number, bigint>();
  #room = new AbortController();
  #member: Member | undefined;
  #stream: ReceivedStream | undefined;
  #committing: Promise<void> | undefined;
  #closing: Promise<void> | undefined;

  constructor(options: KafkaSubscriptionOptions) {
    this.#options = options;
    this.#deliveries = new OrderedDeliveries(options.handle, options);
    this.#running = this.#run();
  }

  get held(): number {
    return this.#deliveries.held;
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await this.#deliveries.close();
    await this.#commit();
    this.#stop.abort();
    await this.#inTime(this.#stream?.close() ?? Promise.resolve()).catch(() => undefined);
    await this.#inTime(this.#running).catch(() => undefined);
  }

  async #run(): Promise<void> {
    const { clock, random, declare, told } = this.#options;
    const { signal } = this.#stop;
    let pauseMs = retryMs;
    while (!signal.aborted) {
      try {
        await declare();
        await this.#membership();
        pauseMs = retryMs;
      } catch (error) {
        told(error);
      }
      this.#deliveries.forget();
      await wait(clock, pauseMs * (0.5 + random.next() / 2), signal);
      pauseMs = Math.min(pauseMs * 2, longestRetryMs);
    }
  }

  /** One membership in the group, until it fails or the subscription ends. */
  async #membership(): Promise<void> {
    const { base, topic, group } = this.#options;
    const member: Member = new Consumer({
      ...base,
      groupId: `${group}.${topic}`,
      sessionTimeout: 10_000,
      rebalanceTimeout: 10_000,
      heartbeatInterval: 2_000,
      maxWaitTime: 200,
      deserializers: {
        key: stringDeserializers.key,
        value: (value) => value ?? Buffer.alloc(0),
        headerKey: stringDeserializers.headerKey,
        headerValue: stringDeserializers.headerValue,
      },
    });
    this.#member = member;
    // Whoever has a partition from now on begins at what is committed: what the stream still holds may lie behind what is forgotten here.
    member.on('consumer:group:join', () => {
      const stream = this.#stream;
      this.#stream = undefined;
      this.#restarted();
      void stream?.close().catch(() => undefined);
    });
    // A stream does not end by itself with the connection that it reads from.
    const lost = () => this.#stream?.destroy(messagingErrors.BROKER_UNAVAILABLE('the connection to Kafka was lost'));
    member.on('client:broker:disconnect', lost);
    member.on('consumer:heartbeat:error', lost);
    try {
      while (!this.#stop.signal.aborted) await this.#consume(member);
    } finally {
      this.#member = undefined;
      this.#restarted();
      const leaving = this.#inTime(member.close(true)).catch(() => undefined);
      // One that is stopped tells the group that it leaves; one whose connection was lost cannot.
      if (this.#stop.signal.aborted) await leaving;
    }
  }

  /** Reads from what is committed, until the end, or until something is to be read again. */
  async #consume(member: Member): Promise<void> {
    const { topic } = this.#options;
    const joining = member.consume({
      topics: [topic],
      autocommit: false,
      mode: MessagesStreamModes.COMMITTED,
      fallbackMode: MessagesStreamFallbackModes.EARLIEST,
      maxWaitTime: 200,
      highWaterMark: 64,
    });
    const stream = await this.#inTime(joining);
    this.#stream = stream;
    if (this.#stop.signal.aborted) await stream.close();
    try {
      for await (const message of stream) {
        if (this.#stream !== stream) break;
        await this.#take(message);
      }
    } finally {
      this.#stream = undefined;
      if (!stream.destroyed) await this.#inTime(stream.close()).catch(() => undefined);
    }
  }

  async #take({ partition, offset, headers, value }: Received): Promise<void> {
    const progress = this.#progress.get(partition) ?? { next: 0n, behind: false };
    this.#progress.set(partition, progress);
    if (offset < progress.next || progress.behind) return;
    const name = String(partition);
    if (!(await this.#hasRoom(name))) {
      progress.behind = true;
      return;
    }
    // Meanwhile the partition may have gone to another.
    if (this.#progress.get(partition) !== progress) return;
    progress.next = offset + 1n;
    this.#deliveries.push(name, recordOf(headers, value), () => {
      this.#room.abort();
      if (this.#progress.get(partition) !== progress) return;
      this.#commits.set(partition, offset + 1n);
      this.#committing ??= this.#commit().finally(() => {
        this.#committing = undefined;
      });
      if (progress.behind && this.#deliveries.heldOf(name) === 0) this.#readAgain(progress);
    });
  }

  /** Whether there is room for a record of a partition, within a moment. */
  async #hasRoom(name: string): Promise<boolean> {
    const isFull = () => this.#deliveries.heldOf(name) >= mostOfPartition;
    const { clock } = this.#options;
    const giveUpAt = clock.monotonicMs() + roomMs;
    for (let leftMs = roomMs; isFull() && leftMs > 0; leftMs = giveUpAt - clock.monotonicMs()) {
      this.#room = new AbortController();
      await wait(clock, leftMs, AbortSignal.any([this.#room.signal, this.#stop.signal]));
    }
    return !isFull();
  }

  /** Ends the stream; the next one begins at what is committed, and what is here already is passed over. */
  #readAgain(progress: Progress): void {
    const again = async () => {
      await this.#committing;
      await this.#commit();
      progress.behind = false;
      await this.#stream?.close();
    };
    void again().catch((error: unknown) => this.#options.told(error));
  }

  #restarted(): void {
    this.#progress.clear();
    this.#commits.clear();
    this.#deliveries.forget();
  }

  #inTime<T>(answer: Promise<T>): Promise<T> {
    return answeredInTime(this.#options.clock, answerMs, 'Kafka', answer);
  }

  /** Commits what has come together meanwhile; what cannot be committed comes again. */
  async #commit(): Promise<void> {
    const { topic, told } = this.#options;
    while (this.#commits.size > 0 && this.#member !== undefined) {
      const offsets = [...this.#commits].map(([partition, offset]) => ({ topic, partition, offset, leaderEpoch: -1 }));
      this.#commits.clear();
      await this.#inTime(this.#member.commit({ offsets })).catch(told);
    }
  }
}

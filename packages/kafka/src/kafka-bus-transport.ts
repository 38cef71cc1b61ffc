import type { BusConnection, BusTransport } from '@dure/config/bus';
import { wait } from '@dure/core';
import { answeredInTime, messagingErrors } from '@dure/messaging';
import type { BaseOptions, MessagesStream } from '@platformatic/kafka';
import {
  Admin,
  Consumer,
  MessagesStreamModes,
  Producer,
  stringDeserializers,
  stringSerializers,
} from '@platformatic/kafka';
import type { ClusterAccess } from './client-base.ts';
import { answerMs, baseOf, detailOf } from './client-base.ts';

interface KafkaBusConnection extends Omit<BusConnection, 'credentials'>, Omit<ClusterAccess, 'name'> {
  readonly destination: string;
  readonly replicas: number;
}

const retryMs = 250;
const longestRetryMs = 5_000;
/** Joining a group takes its time. */
const joinMs = 15_000;

/** A group of this instance alone, which begins at the end of the topic, so that it hears all that is sent from now on. */
export class KafkaBusTransport implements BusTransport {
  readonly #options: KafkaBusConnection;
  readonly #base: BaseOptions;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  #producer: Producer<string, string, string, string> | undefined;
  #stream: MessagesStream<string, string, string, string> | undefined;

  constructor(options: KafkaBusConnection) {
    this.#options = options;
    this.#base = baseOf(options);
    this.#running = this.#run();
  }

  get isConnected(): boolean {
    return this.#stream !== undefined && !this.#stop.signal.aborted;
  }

  async publish(event: string): Promise<void> {
    const { destination, clock } = this.#options;
    this.#producer ??= new Producer({ ...this.#base, acks: -1, serializers: stringSerializers });
    const producer = this.#producer;
    // Raw text: Spring reads a content type with and without quotes.
    const headers = new Map([['contentType', 'application/json']]);
    try {
      const sent = producer.send({ messages: [{ topic: destination, value: event, headers }] });
      await answeredInTime(clock, answerMs, 'Kafka', sent);
    } catch (cause) {
      if (this.#producer === producer) this.#producer = undefined;
      void producer.close(true).catch(() => undefined);
      throw messagingErrors.BROKER_UNAVAILABLE(`Kafka did not confirm: ${detailOf(cause)}`, { cause });
    }
  }

  async close(): Promise<void> {
    this.#stop.abort();
    const { clock } = this.#options;
    const end = async () => {
      await this.#producer?.close(true).catch(() => undefined);
      await this.#stream?.close().catch(() => undefined);
      await this.#running;
    };
    await answeredInTime(clock, joinMs, 'Kafka', end()).catch(() => undefined);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #run(): Promise<void> {
    const { clock, random, observe } = this.#options;
    const { signal } = this.#stop;
    let pauseMs = retryMs;
    while (!signal.aborted) {
      try {
        await this.#declare();
        await this.#membership();
        pauseMs = retryMs;
      } catch (error) {
        if (!signal.aborted) observe(`the bus over Kafka is not connected: ${detailOf(error)}`);
      }
      await wait(clock, pauseMs * (0.5 + random.next() / 2), signal);
      pauseMs = Math.min(pauseMs * 2, longestRetryMs);
    }
  }

  async #declare(): Promise<void> {
    const { destination, replicas, clock } = this.#options;
    const admin = new Admin({ ...this.#base, retries: 0 });
    const declare = async () => {
      if ((await admin.listTopics()).includes(destination)) return;
      await admin.createTopics({ topics: [destination], partitions: 1, replicas }).catch((error: unknown) => {
        if (!/already exists|TOPIC_ALREADY_EXISTS/i.test(detailOf(error))) throw error;
      });
    };
    try {
      await answeredInTime(clock, answerMs, 'Kafka', declare());
    } finally {
      void admin.close().catch(() => undefined);
    }
  }

  /** One membership in the group, until it fails or the transport is closed. */
  async #membership(): Promise<void> {
    const { destination, ids, heard, clock } = this.#options;
    const member = new Consumer({
      ...this.#base,
      groupId: `anonymous.${ids.uuid()}`,
      maxWaitTime: 200,
      deserializers: stringDeserializers,
    });
    const lost = () => this.#stream?.destroy(messagingErrors.BROKER_UNAVAILABLE('the connection to Kafka was lost'));
    member.on('client:broker:disconnect', lost);
    member.on('consumer:heartbeat:error', lost);
    try {
      const joining = member.consume({ topics: [destination], mode: MessagesStreamModes.LATEST, maxWaitTime: 200 });
      const stream = await answeredInTime(clock, joinMs, 'Kafka', joining);
      this.#stream = stream;
      if (this.#stop.signal.aborted) await stream.close();
      for await (const { value } of stream) heard(String(value));
    } finally {
      this.#stream = undefined;
      await answeredInTime(clock, answerMs, 'Kafka', member.close(true)).catch(() => undefined);
    }
  }
}

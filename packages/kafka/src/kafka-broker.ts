import type { Clock, Random } from '@dure/core';
import type { Broker, BrokerState, Publication, SubscribeOptions, Subscription, Topic } from '@dure/messaging';
import { answeredInTime, messagingErrors } from '@dure/messaging';
import type { BaseOptions } from '@platformatic/kafka';
import { Admin } from '@platformatic/kafka';
import { BatchingProducer } from './batching-producer.ts';
import type { ClusterAccess } from './client-base.ts';
import { answerMs, baseOf, detailOf } from './client-base.ts';
import { KafkaSubscription } from './kafka-subscription.ts';

export interface KafkaBrokerOptions extends ClusterAccess {
  /** Of a topic that is made here; a topic that is there keeps its own. At most 16 are of use. */
  readonly partitions: number;
  /** Copies of a topic that is made here. */
  readonly replicas: number;
  readonly clock: Clock;
  readonly random: Random;
}

/** Connects to Kafka when something is asked of it, and again whenever a connection is lost. */
export function kafkaBroker(options: KafkaBrokerOptions): Broker {
  return new Kafka(options);
}

class Kafka implements Broker {
  readonly kind = 'kafka';
  readonly #options: KafkaBrokerOptions;
  readonly #base: BaseOptions;
  readonly #subscriptions = new Set<KafkaSubscription>();
  readonly #partitions = new Map<string, Promise<number>>();
  #producer: BatchingProducer | undefined;
  #state: BrokerState = { status: 'connecting', error: undefined };

  constructor(options: KafkaBrokerOptions) {
    this.#options = options;
    this.#base = baseOf(options);
  }

  get state(): BrokerState {
    return this.#state;
  }

  async declare(topics: readonly Topic[]): Promise<void> {
    await this.#asked((admin) =>
      this.#declare(
        admin,
        topics.map(({ name }) => name),
      ),
    );
  }

  async publish({ topic, lane, key, record }: Publication): Promise<void> {
    this.#producer ??= new BatchingProducer(this.#base, this.#options.clock);
    const producer = this.#producer;
    // Whatever is asked first is sent first: the count of partitions is known to all behind, or to none.
    const known = this.#partitions.get(topic) ?? this.#countPartitions(topic);
    try {
      await producer.publish({ topic, lane, key, record, partitions: known });
      this.#told(undefined);
    } catch (error) {
      this.#partitions.delete(topic);
      if (this.#producer === producer) this.#producer = undefined;
      void producer.close();
      throw this.#failure(error);
    }
  }

  subscribe(options: SubscribeOptions): Subscription {
    const { clock, random } = this.#options;
    const subscription = new KafkaSubscription({
      ...options,
      base: this.#base,
      clock,
      random,
      declare: () => this.declare([{ name: options.topic, groups: [options.group] }]),
      told: (error) => this.#told(error),
    });
    this.#subscriptions.add(subscription);
    return subscription;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#subscriptions].map((subscription) => subscription.close()));
    await this.#producer?.close();
    this.#state = { status: 'closed', error: undefined };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #countPartitions(topic: string): Promise<number> {
    const counted = this.#asked(async (admin) => {
      const { topics } = await admin.metadata({ topics: [topic], forceUpdate: true });
      return topics.get(topic)?.partitionsCount ?? this.#options.partitions;
    });
    counted.catch(() => this.#partitions.delete(topic));
    this.#partitions.set(topic, counted);
    return counted;
  }

  async #declare(admin: Admin, topics: readonly string[]): Promise<void> {
    const { partitions, replicas } = this.#options;
    const there = new Set(await admin.listTopics());
    for (const topic of topics) {
      if (there.has(topic)) continue;
      await admin.createTopics({ topics: [topic], partitions, replicas }).catch((error: unknown) => {
        if (!/already exists|TOPIC_ALREADY_EXISTS/i.test(detailOf(error))) throw error;
      });
    }
  }

  async #asked<T>(ask: (admin: Admin) => Promise<T>): Promise<T> {
    const admin = new Admin({ ...this.#base, retries: 0 });
    try {
      const answer = await answeredInTime(this.#options.clock, answerMs, 'Kafka', ask(admin));
      this.#told(undefined);
      return answer;
    } catch (error) {
      throw this.#failure(error);
    } finally {
      void admin.close().catch(() => undefined);
    }
  }

  #told(error: unknown): void {
    if (this.#state.status === 'closed') return;
    this.#state =
      error === undefined
        ? { status: 'connected', error: undefined }
        : { status: 'connecting', error: detailOf(error).slice(0, 300) };
  }

  /** What the server answered is a refusal; anything else is a connection that was lost. */
  #failure(cause: unknown): Error {
    if (cause instanceof Error && cause.name === 'DureError') return cause;
    this.#told(cause);
    const said = detailOf(cause);
    if (/AUTHORIZATION_FAILED|SASL|UNKNOWN_TOPIC|MESSAGE_TOO_LARGE|INVALID_REPLICATION/.test(said)) {
      return messagingErrors.BROKER_REFUSED(`Kafka refused: ${said}`, { cause });
    }
    return messagingErrors.BROKER_UNAVAILABLE(`Kafka did not confirm: ${said}`, { cause });
  }
}

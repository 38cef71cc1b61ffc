import type { Clock, Random } from '@dure/core';
import { messageOf, wait } from '@dure/core';
import type { Broker, BrokerState, Publication, SubscribeOptions, Subscription, Topic } from '@dure/messaging';
import { answeredInTime, messagingErrors } from '@dure/messaging';
import type { ChannelModel, ConfirmChannel } from 'amqplib';
import { connect } from 'amqplib';
import { ConfirmedPublisher } from './confirmed-publisher.ts';
import { RabbitmqSubscription } from './rabbitmq-subscription.ts';
import { declareTopic } from './topology.ts';

export interface RabbitmqBrokerOptions {
  /** `amqp://user:password@host:5672/vhost`. A secret. */
  readonly url: string;
  /** The name that the server shows for the connection. */
  readonly name: string;
  /** Queues that each group of a topic has, at most 16. */
  readonly partitions: number;
  readonly clock: Clock;
  readonly random: Random;
}

const retryMs = 250;
const longestRetryMs = 1_000;
const answerMs = 5_000;

/** Connects to RabbitMQ, now or when it is there, and again whenever the connection is lost. */
export function rabbitmqBroker(options: RabbitmqBrokerOptions): Broker {
  return new Rabbitmq(options);
}

interface Session {
  readonly connection: ChannelModel;
  readonly publisher: ConfirmedPublisher;
}

class Rabbitmq implements Broker {
  readonly kind = 'rabbitmq';
  readonly #options: RabbitmqBrokerOptions;
  readonly #stop = new AbortController();
  readonly #subscriptions = new Set<RabbitmqSubscription>();
  readonly #running: Promise<void>;
  #session: Session | undefined;
  #state: BrokerState = { status: 'connecting', error: undefined };

  constructor(options: RabbitmqBrokerOptions) {
    this.#options = options;
    this.#running = this.#run();
  }

  get state(): BrokerState {
    return this.#state;
  }

  async declare(topics: readonly Topic[]): Promise<void> {
    const { connection } = this.#connected();
    try {
      await answeredInTime(this.#options.clock, answerMs, 'RabbitMQ', this.#declare(connection, topics));
    } catch (cause) {
      throw failure(cause);
    }
  }

  async publish({ topic, lane, id, key, record }: Publication): Promise<void> {
    const { publisher } = this.#connected();
    try {
      const routingKey = String(lane % this.#options.partitions);
      const confirmed = publisher.publish({ exchange: topic, routingKey, id, key, record });
      await answeredInTime(this.#options.clock, answerMs, 'RabbitMQ', confirmed);
    } catch (cause) {
      throw failure(cause);
    }
  }

  subscribe(options: SubscribeOptions): Subscription {
    const subscription = new RabbitmqSubscription({ ...options, ...this.#options }, (error) => this.#told(error));
    this.#subscriptions.add(subscription);
    if (this.#session !== undefined) void subscription.connected(this.#session.connection);
    return subscription;
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await Promise.all([...this.#subscriptions].map((subscription) => subscription.close()));
    await answeredInTime(this.#options.clock, answerMs, 'RabbitMQ', this.#end()).catch(() => undefined);
    this.#state = { status: 'closed', error: undefined };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #end(): Promise<void> {
    await this.#session?.connection.close();
    await this.#running;
  }

  async #declare(connection: ChannelModel, topics: readonly Topic[]): Promise<void> {
    // A refusal closes the channel it came on: not one that anything else needs.
    const channel = await connection.createChannel();
    channel.on('error', () => undefined);
    for (const topic of topics) await declareTopic(channel, topic, this.#options.partitions);
    await channel.close();
  }

  async #run(): Promise<void> {
    const { clock, random } = this.#options;
    const { signal } = this.#stop;
    let pauseMs = retryMs;
    while (!signal.aborted) {
      try {
        await this.#connection();
        pauseMs = retryMs;
      } catch (error) {
        this.#state = { status: 'connecting', error: messageOf(error) };
      }
      await wait(clock, pauseMs * (0.5 + random.next() / 2), signal);
      pauseMs = Math.min(pauseMs * 2, longestRetryMs);
    }
  }

  /** One connection, from its beginning to its end. */
  async #connection(): Promise<void> {
    const { url, name } = this.#options;
    const connection = await connect(url, { clientProperties: { connection_name: name }, timeout: answerMs });
    const ended = new Promise<unknown>((resolve) => {
      connection.on('close', resolve);
      connection.on('error', (error) => this.#told(error));
    });
    if (this.#stop.signal.aborted) {
      await connection.close();
      return;
    }
    const first = await this.#publisherOn(connection).catch((error: unknown) => {
      void connection.close().catch(() => undefined);
      throw error;
    });
    this.#session = { connection, publisher: first };
    this.#state = { status: 'connected', error: undefined };
    for (const subscription of this.#subscriptions) void subscription.connected(connection);
    const why = await ended;
    const { publisher } = this.#session;
    this.#session = undefined;
    this.#state = { status: 'connecting', error: why === undefined ? 'the connection was closed' : messageOf(why) };
    publisher.lost();
    for (const subscription of this.#subscriptions) subscription.lost();
  }

  /** What the server refuses, as a record for an exchange that is gone, closes the channel it came on: then there is another one. */
  async #publisherOn(connection: ChannelModel): Promise<ConfirmedPublisher> {
    const creating: Promise<ConfirmChannel> = connection.createConfirmChannel();
    const channel = await answeredInTime(this.#options.clock, answerMs, 'RabbitMQ', creating);
    channel.on('close', () => void this.#anotherPublisher(connection));
    return new ConfirmedPublisher(channel);
  }

  async #anotherPublisher(connection: ChannelModel): Promise<void> {
    try {
      const publisher = await this.#publisherOn(connection);
      if (this.#session?.connection === connection) this.#session = { connection, publisher };
    } catch (error) {
      // The connection is lost as well, or is of no use.
      this.#told(error);
      if (this.#session?.connection === connection) await connection.close().catch(() => undefined);
    }
  }

  #told(error: unknown): void {
    this.#state = { ...this.#state, error: messageOf(error) };
  }

  #connected(): Session {
    if (this.#session !== undefined) return this.#session;
    throw messagingErrors.BROKER_UNAVAILABLE(
      `there is no connection to RabbitMQ: ${this.#state.error ?? this.#state.status}`,
    );
  }
}

/** What the server answered is a refusal; anything else is a connection that was lost. */
function failure(cause: unknown): Error {
  const said = messageOf(cause);
  if (/\b(ACCESS_REFUSED|PRECONDITION_FAILED|NOT_FOUND|unroutable)\b/.test(said)) {
    return messagingErrors.BROKER_REFUSED(`RabbitMQ refused: ${said}`, { cause });
  }
  return messagingErrors.BROKER_UNAVAILABLE(`RabbitMQ did not confirm: ${said}`, { cause });
}

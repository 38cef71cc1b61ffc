import type { BusConnection, BusTransport } from '@dure/config/bus';
import { messageOf, wait } from '@dure/core';
import { answeredInTime, messagingErrors } from '@dure/messaging';
import type { ChannelModel, ConfirmChannel } from 'amqplib';
import { connect } from 'amqplib';

interface RabbitmqBusConnection extends BusConnection {
  readonly url: string;
  readonly destination: string;
}

const retryMs = 250;
const longestRetryMs = 5_000;
const answerMs = 5_000;

/** An exclusive queue of this instance alone at the topic exchange that everybody publishes to. */
export class RabbitmqBusTransport implements BusTransport {
  readonly #options: RabbitmqBusConnection;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  #channel: ConfirmChannel | undefined;
  #connection: ChannelModel | undefined;

  constructor(options: RabbitmqBusConnection) {
    this.#options = options;
    this.#running = this.#run();
  }

  get isConnected(): boolean {
    return this.#channel !== undefined;
  }

  async publish(event: string): Promise<void> {
    const channel = this.#channel;
    if (channel === undefined) throw messagingErrors.BROKER_UNAVAILABLE('RabbitMQ is not connected');
    const { destination, clock } = this.#options;
    const confirmed = new Promise<void>((resolve, reject) => {
      const options = { persistent: true, contentType: 'application/json' };
      channel.publish(destination, destination, Buffer.from(event), options, (error) =>
        error === null || error === undefined ? resolve() : reject(error),
      );
    });
    try {
      await answeredInTime(clock, answerMs, 'RabbitMQ', confirmed);
    } catch (cause) {
      throw messagingErrors.BROKER_UNAVAILABLE(`RabbitMQ did not confirm: ${messageOf(cause)}`, { cause });
    }
  }

  async close(): Promise<void> {
    this.#stop.abort();
    this.#channel = undefined;
    await answeredInTime(this.#options.clock, answerMs, 'RabbitMQ', this.#end()).catch(() => undefined);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #end(): Promise<void> {
    await this.#connection?.close().catch(() => undefined);
    await this.#running;
  }

  async #run(): Promise<void> {
    const { clock, random, observe } = this.#options;
    const { signal } = this.#stop;
    let pauseMs = retryMs;
    while (!signal.aborted) {
      try {
        await this.#session();
        pauseMs = retryMs;
      } catch (error) {
        if (!signal.aborted) observe(`the bus over RabbitMQ is not connected: ${messageOf(error)}`);
      }
      await wait(clock, pauseMs * (0.5 + random.next() / 2), signal);
      pauseMs = Math.min(pauseMs * 2, longestRetryMs);
    }
  }

  /** One connection, until it is lost or closed. */
  async #session(): Promise<void> {
    const { url, name, destination, ids, heard } = this.#options;
    const connection = await connect(url, { clientProperties: { connection_name: name }, timeout: answerMs });
    this.#connection = connection;
    connection.on('error', () => undefined);
    const lost = new Promise<void>((resolve) => connection.on('close', () => resolve()));
    try {
      if (this.#stop.signal.aborted) return;
      const channel = await connection.createConfirmChannel();
      channel.on('error', () => undefined);
      // A channel that the server closes takes its queue's consumer along.
      channel.on('close', () => void connection.close().catch(() => undefined));
      await channel.assertExchange(destination, 'topic', { durable: true, autoDelete: false });
      const unique = Buffer.from(ids.uuid().replaceAll('-', ''), 'hex').toString('base64url');
      const queue = `${destination}.anonymous.${unique}`;
      await channel.assertQueue(queue, { exclusive: true, autoDelete: true, durable: false });
      await channel.bindQueue(queue, destination, '#');
      await channel.consume(queue, (message) => message && heard(message.content.toString('utf8')), { noAck: true });
      if (!this.#stop.signal.aborted) this.#channel = channel;
      await lost;
    } finally {
      this.#channel = undefined;
      await connection.close().catch(() => undefined);
    }
  }
}

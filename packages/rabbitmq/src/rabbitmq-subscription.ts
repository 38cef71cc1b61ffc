import type { Clock, Random } from '@dure/core';
import { wait } from '@dure/core';
import type { SubscribeOptions, Subscription } from '@dure/messaging';
import { answeredInTime, OrderedDeliveries } from '@dure/messaging';
import type { Channel, ChannelModel } from 'amqplib';
import { declareTopic, queueOf } from './topology.ts';
import { recordOf } from './wire.ts';

export interface RabbitmqSubscriptionOptions extends SubscribeOptions {
  readonly partitions: number;
  readonly clock: Clock;
  readonly random: Random;
}

/** How many records of each queue are here at a time. */
const prefetch = 32;
const retryMs = 500;
/**
 * A channel that consumes from a queue that has no leader yet, just after a restart, may wait for ever (seen with 3.10): it is
 * given up then, and none is shared by two queues.
 */
const patienceMs = 3_000;

/** Consumes the queues of a group, as the active consumer of each or in the line for it. */
export class RabbitmqSubscription implements Subscription {
  readonly #options: RabbitmqSubscriptionOptions;
  readonly #told: (error: unknown) => void;
  readonly #deliveries: OrderedDeliveries;
  readonly #stop = new AbortController();
  readonly #channels = new Map<number, Channel>();
  #connection: ChannelModel | undefined;
  #closing: Promise<void> | undefined;

  constructor(options: RabbitmqSubscriptionOptions, told: (error: unknown) => void) {
    this.#options = options;
    this.#told = told;
    this.#deliveries = new OrderedDeliveries(options.handle, options);
  }

  get held(): number {
    return this.#deliveries.held;
  }

  /** Consumes by this connection, until it is lost. */
  async connected(connection: ChannelModel): Promise<void> {
    const { topic, group, partitions } = this.#options;
    this.#connection = connection;
    await this.#untilDone(connection, async (channel) => {
      await declareTopic(channel, { name: topic, groups: [group] }, partitions);
      await channel.close();
    });
    const numbers = Array.from({ length: partitions }, (_, partition) => partition);
    await Promise.all(numbers.map((partition) => this.#join(connection, partition)));
  }

  /** The server gives out again what was not acknowledged. */
  lost(): void {
    this.#connection = undefined;
    this.#channels.clear();
    this.#deliveries.forget();
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await this.#deliveries.close();
    this.#stop.abort();
    const channels = [...this.#channels.values()];
    this.#channels.clear();
    await Promise.race([
      Promise.all(channels.map((channel) => channel.close().catch(() => undefined))),
      wait(this.#options.clock, patienceMs),
    ]);
  }

  #join(connection: ChannelModel, partition: number): Promise<void> {
    const { topic, group } = this.#options;
    return this.#untilDone(connection, async (channel) => {
      channel.on('close', () => this.#channelClosed(connection, channel, partition));
      await channel.prefetch(prefetch);
      this.#channels.set(partition, channel);
      await channel.consume(queueOf(topic, group, partition), (message) => {
        // Null says that the server took the queue away from us; the channel is opened anew.
        if (message === null) return void channel.close().catch(() => undefined);
        this.#deliveries.push(String(partition), recordOf(message), () => {
          if (this.#channels.get(partition) === channel) channel.ack(message);
        });
      });
    });
  }

  /** Does something on a channel of its own, again and again until it is done or the connection is another. */
  async #untilDone(connection: ChannelModel, work: (channel: Channel) => Promise<void>): Promise<void> {
    const { clock } = this.#options;
    const { signal } = this.#stop;
    while (!signal.aborted && this.#connection === connection) {
      let channel: Channel | undefined;
      try {
        channel = await answeredInTime(clock, patienceMs, 'RabbitMQ', connection.createChannel());
        channel.on('error', (error) => this.#told(error));
        await answeredInTime(clock, patienceMs, 'RabbitMQ', work(channel));
        return;
      } catch (error) {
        this.#told(error);
        channel?.close().catch(() => undefined);
        await wait(clock, retryMs, signal);
      }
    }
  }

  /** A channel that ended while the connection stays, as after a refusal. */
  #channelClosed(connection: ChannelModel, channel: Channel, partition: number): void {
    if (this.#channels.get(partition) !== channel) return;
    this.#channels.delete(partition);
    this.#deliveries.forget(String(partition));
    if (this.#connection !== connection || this.#stop.signal.aborted) return;
    void wait(this.#options.clock, retryMs, this.#stop.signal).then(() => this.#join(connection, partition));
  }
}

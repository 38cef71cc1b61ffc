import type { Clock, Random } from '@dure/core';
import { wait } from '@dure/core';
import type { SubscribeOptions, Subscription } from '@dure/messaging';
import { answeredInTime, OrderedDeliveries } from '@dure/messaging';
import type { Channel, ChannelModel } from 'amqplib';
import type { QueueView } from './queue-share.ts';
import { queueMove } from './queue-share.ts';
import { countHolders, declareTopic, holdQueue, isHeld, joinMembers, membersOf, queueOf } from './topology.ts';
import { recordOf } from './wire.ts';

export interface RabbitmqSubscriptionOptions extends SubscribeOptions {
  readonly partitions: number;
  readonly clock: Clock;
  readonly random: Random;
}

/** How many records of each queue are here at a time. */
const prefetch = 64;
const retryMs = 500;
/**
 * A channel that consumes from a queue that has no leader yet, just after a restart, may wait for ever (seen with 3.10): it is
 * given up then, and none is shared by two queues.
 */
const patienceMs = 3_000;

/** How often it is looked who consumes what, in milliseconds. */
const lookEveryMs = 1_000;
/** After how many looks at the same number of members things have settled. */
const settledLooks = 3;

/**
 * Consumes its share of the queues of a group, which its members divide among themselves.
 */
export class RabbitmqSubscription implements Subscription {
  readonly #options: RabbitmqSubscriptionOptions;
  readonly #told: (error: unknown) => void;
  readonly #deliveries: OrderedDeliveries;
  readonly #stop = new AbortController();
  /** The queues that are to be consumed here, and those that are given up as soon as what is at hand has ended. */
  readonly #mine = new Set<number>();
  readonly #leaving = new Set<number>();
  readonly #joining = new Set<number>();
  readonly #channels = new Map<number, Channel>();
  #connection: ChannelModel | undefined;
  #closing: Promise<void> | undefined;
  #membership: Channel | undefined;
  #members = 0;
  #looks = 0;

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
    const { topic, group, partitions, clock } = this.#options;
    const { signal } = this.#stop;
    this.#connection = connection;
    while (this.#isOn(connection)) {
      const membership = await this.#untilDone(connection, async (channel) => {
        await declareTopic(channel, { name: topic, groups: [group] }, partitions);
        await joinMembers(channel, topic, group);
      });
      if (membership === undefined) return;
      this.#membership = membership;
      try {
        for (; this.#isOn(connection); await wait(clock, lookEveryMs, signal))
          this.#move(connection, await answeredInTime(clock, patienceMs, 'RabbitMQ', this.#look(membership)));
      } catch (error) {
        this.#told(error);
        membership.close().catch(() => undefined);
        await wait(clock, retryMs, signal);
      }
    }
  }

  /** The server gives out again what was not acknowledged. */
  lost(): void {
    this.#connection = undefined;
    this.#mine.clear();
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
    const channels = [...this.#channels.values(), ...(this.#membership === undefined ? [] : [this.#membership])];
    this.#channels.clear();
    await Promise.race([
      Promise.all(channels.map((channel) => channel.close().catch(() => undefined))),
      wait(this.#options.clock, patienceMs),
    ]);
  }

  #isOn(connection: ChannelModel): boolean {
    return this.#connection === connection && !this.#stop.signal.aborted;
  }

  /** How many there are, and which queues nobody holds. */
  async #look(channel: Channel): Promise<QueueView> {
    const { topic, group, partitions: queues } = this.#options;
    const { consumerCount: members } = await channel.checkQueue(membersOf(topic, group));
    this.#looks = members === this.#members ? this.#looks + 1 : 0;
    this.#members = members;
    const free: number[] = [];
    for (let queue = 0; queue < queues; queue += 1) {
      if (this.#mine.has(queue) || this.#leaving.has(queue)) continue;
      if ((await countHolders(channel, topic, group, queue)) === 0) free.push(queue);
    }
    return { queues, members, isSettled: this.#looks >= settledLooks, mine: [...this.#mine], free };
  }

  #move(connection: ChannelModel, view: QueueView): void {
    if (!this.#isOn(connection)) return;
    const { take, leave } = queueMove(view, this.#options.random);
    for (const partition of leave) void this.#leave(partition);
    for (const partition of take) this.#mine.add(partition);
    for (const partition of this.#mine)
      if (!this.#channels.has(partition) && !this.#joining.has(partition)) void this.#join(connection, partition);
  }

  /** The next message is not another's before the one at hand has ended here: closing the channel gives back all that is not acknowledged. */
  async #leave(partition: number): Promise<void> {
    this.#mine.delete(partition);
    this.#leaving.add(partition);
    await this.#deliveries.leave(String(partition));
    const channel = this.#channels.get(partition);
    this.#channels.delete(partition);
    await channel?.close().catch(() => undefined);
    this.#leaving.delete(partition);
  }

  async #join(connection: ChannelModel, partition: number): Promise<void> {
    const { topic, group } = this.#options;
    this.#joining.add(partition);
    await this.#untilDone(connection, async (channel) => {
      if (!this.#mine.has(partition)) return channel.close();
      if (!(await holdQueue(channel, topic, group, partition))) return void this.#mine.delete(partition);
      channel.on('close', () => this.#channelClosed(channel, partition));
      await channel.prefetch(prefetch);
      // It may have been given up meanwhile.
      if (!this.#mine.has(partition)) return channel.close();
      this.#channels.set(partition, channel);
      await channel.consume(queueOf(topic, group, partition), (message) => {
        // Null says that the server took the queue away from us; the channel is opened anew.
        if (message === null) return void channel.close().catch(() => undefined);
        if (!this.#mine.has(partition)) return;
        this.#deliveries.push(String(partition), recordOf(message), () => {
          if (this.#channels.get(partition) === channel) channel.ack(message);
        });
      });
    });
    this.#joining.delete(partition);
  }

  /** Does something on a channel of its own, again and again until it is done or the connection is another. Gives that channel. */
  async #untilDone(connection: ChannelModel, work: (channel: Channel) => Promise<void>): Promise<Channel | undefined> {
    const { clock } = this.#options;
    const { signal } = this.#stop;
    while (this.#isOn(connection)) {
      let channel: Channel | undefined;
      try {
        channel = await answeredInTime(clock, patienceMs, 'RabbitMQ', connection.createChannel());
        channel.on('error', (error) => isHeld(error) || this.#told(error));
        await answeredInTime(clock, patienceMs, 'RabbitMQ', work(channel));
        return channel;
      } catch (error) {
        this.#told(error);
        channel?.close().catch(() => undefined);
        await wait(clock, retryMs, signal);
      }
    }
    return undefined;
  }

  /** A channel that ended while the connection stays, as after a refusal; another is opened at the next look. */
  #channelClosed(channel: Channel, partition: number): void {
    if (this.#channels.get(partition) !== channel) return;
    this.#channels.delete(partition);
    this.#deliveries.forget(String(partition));
  }
}

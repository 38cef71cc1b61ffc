import { messageOf } from '@dure/core';
import type { Topic } from '@dure/messaging';
import type { Channel } from 'amqplib';

/** What stands for a member and not for messages is classic: it goes with its last consumer. */
const place = { durable: true, autoDelete: true };

/** The queue of a group for one partition of a topic: `shop.order.events/payment/3`. */
export function queueOf(topic: string, group: string, partition: number): string {
  return `${topic}/${group}/${partition}`;
}

/** Where the members of a group stand, so that each can ask how many they are: `shop.order.events/payment/members`. */
export function membersOf(topic: string, group: string): string {
  return `${topic}/${group}/members`;
}

/** Where whoever consumes a queue stands, so that it is one only: `shop.order.events/payment/3/holder`. */
export function holderOf(topic: string, group: string, partition: number): string {
  return `${queueOf(topic, group, partition)}/holder`;
}

/** Nothing is ever sent there; it goes with the last member. */
export async function joinMembers(channel: Channel, topic: string, group: string): Promise<void> {
  const queue = membersOf(topic, group);
  await channel.assertQueue(queue, place);
  await channel.consume(queue, () => undefined, { noAck: true });
}

/** How many hold a queue of a group: none, or one. */
export async function countHolders(channel: Channel, topic: string, group: string, partition: number): Promise<number> {
  const { consumerCount } = await channel.assertQueue(holderOf(topic, group, partition), place);
  return consumerCount;
}

/**
 * Takes a queue of a group for as long as the channel lasts, if nobody has it; the server refuses it to a second one, and closes
 * the channel. What the server tells of the consumers of a queue with a single active one does not count those who wait.
 */
export async function holdQueue(channel: Channel, topic: string, group: string, partition: number): Promise<boolean> {
  const holder = holderOf(topic, group, partition);
  await channel.assertQueue(holder, place);
  try {
    // Nothing is ever sent there: what comes says that the server took it away, as with the node of a cluster that ends.
    const lost = () => void channel.close().catch(() => undefined);
    await channel.consume(holder, lost, { noAck: true, exclusive: true });
    return true;
  } catch (error) {
    if (isHeld(error)) return false;
    throw error;
  }
}

/** Whether the server says that somebody else has the queue. */
export function isHeld(error: unknown): boolean {
  return messageOf(error).includes('in exclusive use');
}

/**
 * A topic is a direct exchange, a group has a quorum queue for each partition. A single consumer at a time has a queue
 * (`x-single-active-consumer`), which keeps the order when another takes over.
 */
export async function declareTopic(channel: Channel, { name, groups }: Topic, partitions: number): Promise<void> {
  await channel.assertExchange(name, 'direct', { durable: true });
  for (const group of groups) {
    for (let partition = 0; partition < partitions; partition += 1) {
      const queue = queueOf(name, group, partition);
      await channel.assertQueue(queue, {
        durable: true,
        arguments: { 'x-queue-type': 'quorum', 'x-single-active-consumer': true },
      });
      await channel.bindQueue(queue, name, String(partition));
    }
  }
}

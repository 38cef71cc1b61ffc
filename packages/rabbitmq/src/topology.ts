import type { Topic } from '@dure/messaging';
import type { Channel } from 'amqplib';

/** The queue of a group for one partition of a topic: `shop.order.events/payment/3`. */
export function queueOf(topic: string, group: string, partition: number): string {
  return `${topic}/${group}/${partition}`;
}

/** Where the members of a group stand, so that each can ask how many they are: `shop.order.events/payment/members`. */
export function membersOf(topic: string, group: string): string {
  return `${topic}/${group}/members`;
}

/** Nothing is ever sent there; it goes with the last member. */
export async function joinMembers(channel: Channel, topic: string, group: string): Promise<void> {
  const queue = membersOf(topic, group);
  await channel.assertQueue(queue, { durable: true, autoDelete: true });
  await channel.consume(queue, () => undefined, { noAck: true });
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

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeOf, seededRandom, systemClock } from '@dure/core';
import type { Broker } from '@dure/messaging';
import { eventually, oneByOne, startTestServer } from '@dure/messaging/testing';
import { rabbitmq } from './rabbitmq.ts';
import { guardedServer } from './testing/guarded-server.ts';

const services = ['order', 'payment', 'spy'] as const;

/** What the guide gives the service `order` of the system `shop`, for each. */
const rightsOf = (service: string) => ({
  configure: '^shop\\.',
  write: `^shop\\.(${service}\\.events|[^./]+\\.inbox|[^/]+/${service}/)`,
  read: `^shop\\.[^/]+(/${service}/(\\d+(/holder)?|members))?$`,
});

const server = guardedServer(Object.fromEntries(services.map((name) => [name, rightsOf(name)])));

const patienceMs = 15_000;

test('a service has rights to what its contracts say, and to no more', { skip: server.absent }, async () => {
  await using started = await startTestServer(server);
  const open = (name: string) =>
    rabbitmq({ url: started.url, partitions: 1 }).open({
      name: `shop.${name}`,
      credentials: { user: name, password: name },
      clock: systemClock,
      random: seededRandom(1),
    });
  await using order = await open('order');
  await using payment = await open('payment');
  await using spy = await open('spy');
  const topics = [
    { name: 'shop.order.events', groups: ['payment'] },
    { name: 'shop.payment.inbox', groups: ['payment'] },
  ];
  await eventually(patienceMs, () => order.declare(topics));
  const got: string[] = [];
  const stolen: string[] = [];
  for (const { name: topic } of topics) {
    payment.subscribe({
      topic,
      group: 'payment',
      handle: oneByOne(({ attributes }) => void got.push(attributes.id ?? '')),
    });
    spy.subscribe({
      topic,
      group: 'payment',
      handle: oneByOne(({ attributes }) => void stolen.push(attributes.id ?? '')),
    });
  }
  await publish(order, 'shop.order.events', 'e');
  await publish(order, 'shop.payment.inbox', 'c');
  await eventually(patienceMs, async () => assert.deepEqual(got.toSorted(), ['c', 'e']));
  await assert.rejects(
    () => publish(spy, 'shop.order.events', 'forged'),
    (error) => ['MESSAGING_BROKER_REFUSED', 'MESSAGING_BROKER_UNAVAILABLE'].includes(codeOf(error) ?? ''),
  );
  assert.deepEqual(stolen, []);
  assert.deepEqual(got.toSorted(), ['c', 'e']);
});

function publish(broker: Broker, topic: string, id: string): Promise<void> {
  return broker.publish({ topic, lane: 0, key: 'k', id, record: { attributes: { id }, body: Buffer.from('{}') } });
}

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandom, systemClock } from '@dure/core';
import { eventually, oneByOne, startTestServer } from '@dure/messaging/testing';
import { connect } from 'amqplib';
import { rabbitmqBroker } from './rabbitmq-broker.ts';
import { rabbitmqServer } from './testing/rabbitmq-server.ts';
import { holderOf } from './topology.ts';

const patienceMs = 15_000;

test('who loses the hold of a queue takes it again, and gets what comes', { skip: rabbitmqServer.absent }, async () => {
  await using server = await startTestServer(rabbitmqServer);
  const kit = { partitions: 2, clock: systemClock, random: seededRandom(1) };
  await using broker = rabbitmqBroker({ url: server.url, name: 'holder', ...kit });
  const topic = 'test.holder.events';
  await eventually(patienceMs, () => broker.declare([{ name: topic, groups: ['a'] }]));
  const seen: string[] = [];
  broker.subscribe({ topic, group: 'a', handle: oneByOne(({ attributes }) => void seen.push(attributes.id ?? '')) });
  const publish = (id: string) =>
    broker.publish({ topic, lane: 0, key: 'k', id, record: { attributes: { id }, body: Buffer.from('{}') } });
  await publish('before');
  await eventually(patienceMs, async () => assert.deepEqual(seen, ['before']));

  const other = await connect(server.url);
  const channel = await other.createChannel();
  await channel.deleteQueue(holderOf(topic, 'a', 0));
  await eventually(patienceMs, async () => {
    const { consumerCount } = await channel.assertQueue(holderOf(topic, 'a', 0), { durable: true, autoDelete: true });
    assert.equal(consumerCount, 1);
  });
  await other.close();
  await publish('behind');
  await eventually(patienceMs, async () => assert.deepEqual(seen, ['before', 'behind']));
});

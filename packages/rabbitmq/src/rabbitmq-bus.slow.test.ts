import assert from 'node:assert/strict';
import { test } from 'node:test';
import { busTransportContract } from '@dure/config/testing';
import { ids, systemClock, systemRandom, wait } from '@dure/core';
import { startTestServer } from '@dure/messaging/testing';
import { connect } from 'amqplib';
import { rabbitmqBus } from './rabbitmq-bus.ts';
import { guardedServer } from './testing/guarded-server.ts';
import { rabbitmqServer } from './testing/rabbitmq-server.ts';

const tools = { clock: systemClock, random: systemRandom, ids: ids(systemClock, systemRandom) };

async function until(holds: () => boolean): Promise<void> {
  for (let turn = 0; turn < 1_000 && !holds(); turn += 1) await wait(systemClock, 20);
  assert.ok(holds());
}

busTransportContract(
  'RabbitMQ',
  async () => {
    const server = await startTestServer(rabbitmqServer);
    return {
      resource: rabbitmqBus({ url: server.url }),
      [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
    };
  },
  { skip: rabbitmqServer.absent },
);

test('what Spring’s binder sends is heard, and what we send is as it expects', {
  skip: rabbitmqServer.absent,
}, async () => {
  await using server = await startTestServer(rabbitmqServer);
  const heard: string[] = [];
  await using transport = await rabbitmqBus({ url: server.url }).open({
    ...tools,
    name: 'order',
    heard: (event) => heard.push(event),
    observe: () => {},
  });
  await until(() => transport.isConnected);
  const connection = await connect(server.url);
  const channel = await connection.createChannel();
  // As Spring declares it: another kind of exchange would close the channel.
  await channel.assertExchange('springCloudBus', 'topic', { durable: true, autoDelete: false });
  const { queue } = await channel.assertQueue('', { exclusive: true });
  await channel.bindQueue(queue, 'springCloudBus', '#');
  const got: { text: string; type: unknown; mode: unknown; key: string }[] = [];
  await channel.consume(queue, (message) => {
    if (message === null) return;
    const { contentType, deliveryMode } = message.properties;
    got.push({ text: String(message.content), type: contentType, mode: deliveryMode, key: message.fields.routingKey });
  });
  channel.publish('springCloudBus', 'springCloudBus', Buffer.from('{"type":"X"}'), {
    headers: { contentType: '"application/json"' },
  });
  await until(() => heard.length === 1 && got.length === 1);
  assert.deepEqual(heard, ['{"type":"X"}']);
  await transport.publish('{"type":"Y"}');
  await until(() => got.length === 2);
  assert.deepEqual(got[1], { text: '{"type":"Y"}', type: 'application/json', mode: 2, key: 'springCloudBus' });
  await connection.close();
});

/** What the guide gives a service that only takes part in the bus. */
const busRights = { configure: '^springCloudBus', write: '^springCloudBus', read: '^springCloudBus' };

test('who has a user of the broker takes part in the bus; whose password is wrong hears nothing, and no one repeats it', {
  skip: rabbitmqServer.absent,
}, async () => {
  await using server = await startTestServer(guardedServer({ order: busRights }));
  const heard: string[] = [];
  const problems: string[] = [];
  const join = (password: string, hear: (event: string) => void) =>
    rabbitmqBus({ url: server.url }).open({
      ...tools,
      name: 'order',
      credentials: { user: 'order', password },
      heard: hear,
      observe: (problem) => problems.push(problem),
    });
  await using order = await join('order', (event) => heard.push(event));
  await using stranger = await join('s3cret p@ss:word/', () => assert.fail('the stranger hears'));
  await until(() => order.isConnected && problems.length > 0);
  await order.publish('{"type":"X"}');
  await until(() => heard.length === 1);
  assert.equal(stranger.isConnected, false);
  assert.match(problems.join(), /not connected: .*ACCESS.REFUSED/);
  assert.doesNotMatch(problems.join(), /s3cret|p%40ss|word/);
});

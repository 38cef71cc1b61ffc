import assert from 'node:assert/strict';
import { test } from 'node:test';
import { busTransportContract } from '@dure/config/testing';
import { ids, systemClock, systemRandom, wait } from '@dure/core';
import { startTestServer } from '@dure/messaging/testing';
import { kafkaBus } from './kafka-bus.ts';
import { guardedServer } from './testing/guarded-server.ts';
import { kafkaServer } from './testing/kafka-server.ts';

busTransportContract(
  'Kafka',
  async () => {
    const server = await startTestServer(kafkaServer);
    return {
      resource: kafkaBus({ servers: server.url }),
      [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
    };
  },
  { skip: kafkaServer.absent },
);

test('who has a user of the cluster takes part in the bus; whose password is wrong hears nothing, and no one repeats it', {
  skip: kafkaServer.absent,
}, async () => {
  await using server = await startTestServer(guardedServer(['order']));
  const tools = { clock: systemClock, random: systemRandom, ids: ids(systemClock, systemRandom) };
  const heard: string[] = [];
  const problems: string[] = [];
  const join = (password: string, hear: (event: string) => void) =>
    kafkaBus({ servers: server.url, mechanism: 'PLAIN' }).open({
      ...tools,
      name: 'order',
      credentials: { user: 'order', password },
      heard: hear,
      observe: (problem) => problems.push(problem),
    });
  await using order = await join('order', (event) => heard.push(event));
  await using stranger = await join('s3cret p@ss:word/', () => assert.fail('the stranger hears'));
  const until = async (holds: () => boolean) => {
    for (let turn = 0; turn < 1_500 && !holds(); turn += 1) await wait(systemClock, 20);
    assert.ok(holds(), problems.join());
  };
  await until(() => order.isConnected && problems.length > 0);
  await order.publish('{"type":"X"}');
  await until(() => heard.length === 1);
  assert.equal(stranger.isConnected, false);
  assert.match(problems.join(), /not connected: .*[Aa]uthentication/);
  assert.doesNotMatch(problems.join(), /s3cret|word/);
});

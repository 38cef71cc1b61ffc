import { join } from 'node:path';
import { seededRandom, systemClock } from '@dure/core';
import { brokerContract, startTestServer } from '@dure/messaging/testing';
import { rabbitmqBroker } from './rabbitmq-broker.ts';
import { rabbitmqServer } from './testing/rabbitmq-server.ts';

brokerContract(
  'RabbitMQ',
  async () => {
    const server = await startTestServer(rabbitmqServer);
    const kit = { partitions: 4, clock: systemClock, random: seededRandom(1) };
    return {
      connect: () => rabbitmqBroker({ url: server.url, name: 'test', ...kit }),
      member: { module: join(import.meta.dirname, 'testing/member.main.ts'), url: server.url },
      kill: () => server.kill(),
      restart: () => server.restart(),
      restartEmpty: () => server.restartEmpty(),
      [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
    };
  },
  { skip: rabbitmqServer.absent },
);

import { join } from 'node:path';
import { seededRandom, systemClock } from '@dure/core';
import { brokerContract, startTestServer } from '@dure/messaging/testing';
import { kafkaBroker } from './kafka-broker.ts';
import { kafkaServer } from './testing/kafka-server.ts';

brokerContract(
  'Kafka',
  async () => {
    const server = await startTestServer(kafkaServer);
    const kit = { partitions: 4, replicas: 1, clock: systemClock, random: seededRandom(1) };
    return {
      connect: () => kafkaBroker({ servers: server.url, name: 'test', ...kit }),
      member: { module: join(import.meta.dirname, 'testing/member.main.ts'), url: server.url },
      kill: () => server.kill(),
      restart: () => server.restart(),
      restartEmpty: () => server.restartEmpty(),
      [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
    };
  },
  { skip: kafkaServer.absent },
);

import { join } from 'node:path';
import { seededRandom, systemClock } from '@dure/core';
import { brokerContract, startTestServer } from '@dure/messaging/testing';
import { natsBroker } from './nats-broker.ts';
import { natsServer } from './testing/nats-server.ts';

brokerContract(
  'NATS JetStream',
  async () => {
    const server = await startTestServer(natsServer);
    return {
      connect: () =>
        natsBroker({
          servers: server.url,
          name: 'test',
          partitions: 8,
          replicas: 1,
          keepMs: 86_400_000,
          clock: systemClock,
          random: seededRandom(1),
        }),
      member: { module: join(import.meta.dirname, 'testing/member.main.ts'), url: server.url },
      kill: () => server.kill(),
      restart: () => server.restart(),
      restartEmpty: () => server.restartEmpty(),
      [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
    };
  },
  { skip: natsServer.absent },
);

import { seededRandom, systemClock } from '@dure/core';
import { startTestServer, tlsContract } from '@dure/messaging/testing';
import { rabbitmqBroker } from './rabbitmq-broker.ts';
import { rabbitmqServer } from './testing/rabbitmq-server.ts';
import { tlsServer } from './testing/tls-server.ts';

tlsContract(
  'RabbitMQ',
  async (certificate, caFile) => {
    const server = await startTestServer(tlsServer(certificate, caFile));
    const kit = { name: 'test', partitions: 1, clock: systemClock, random: seededRandom(1) };
    return {
      connect: (host) => rabbitmqBroker({ ...kit, url: server.url.replace('127.0.0.1', host) }),
      [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
    };
  },
  { skip: rabbitmqServer.absent },
);

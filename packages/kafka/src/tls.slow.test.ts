import { seededRandom, systemClock } from '@dure/core';
import { startTestServer, tlsContract } from '@dure/messaging/testing';
import { kafkaBroker } from './kafka-broker.ts';
import { kafkaServer } from './testing/kafka-server.ts';
import { tlsServer } from './testing/tls-server.ts';

tlsContract(
  'Kafka',
  async (certificate, caFile) => {
    const server = await startTestServer(tlsServer(certificate, caFile));
    const kit = { name: 'test', tls: true, partitions: 1, replicas: 1, clock: systemClock, random: seededRandom(1) };
    return {
      connect: (host) => kafkaBroker({ ...kit, servers: server.url.replace('127.0.0.1', host) }),
      [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
    };
  },
  { skip: kafkaServer.absent },
);

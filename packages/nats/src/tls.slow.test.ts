import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeOf, seededRandom, systemClock, wait } from '@dure/core';
import { startTestServer, tlsContract } from '@dure/messaging/testing';
import { natsBroker } from './nats-broker.ts';
import { natsServer } from './testing/nats-server.ts';
import { tlsServer } from './testing/tls-server.ts';

const kit = {
  name: 'test',
  partitions: 1,
  replicas: 1,
  keepMs: 86_400_000,
  clock: systemClock,
  random: seededRandom(1),
};

tlsContract(
  'NATS',
  async (certificate) => {
    const server = await startTestServer(tlsServer(certificate));
    return {
      connect: (host) => natsBroker({ ...kit, servers: server.url.replace('127.0.0.1', host) }),
      [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
    };
  },
  { skip: natsServer.absent },
);

test('NATS: who is called by tls:// and has no TLS is told no password', { skip: natsServer.absent }, async () => {
  await using server = await startTestServer(natsServer);
  const servers = server.url.replace('nats:', 'tls:');
  await using broker = natsBroker({ ...kit, servers, user: 'order', password: 'secret' });
  while (broker.state.error === undefined) await wait(systemClock, 10);
  assert.match(broker.state.error, /tls/);
  const record = { attributes: { id: '1' }, body: Buffer.from('{}') };
  await assert.rejects(
    broker.publish({ topic: 't', lane: 0, key: 'k', id: '1', record }),
    (error) => codeOf(error) === 'MESSAGING_BROKER_UNAVAILABLE',
  );
});

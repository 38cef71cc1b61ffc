import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { Agent, createServer, request } from 'node:http';
import type { ClientHttp2Session } from 'node:http2';
import { connect } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import type { ConnectionOptions } from 'node:tls';
import { connect as connectTls } from 'node:tls';
import { contract, get } from '@dure/service/contract';
import { z } from 'zod';
import { openGateway } from '../testing/open-gateway.ts';
import { localInstance } from '../testing/open-proxy.ts';
import { rawClient } from '../testing/raw-client.ts';
import { readMeter } from '../testing/read-meter.ts';
import { testCertificates } from '../testing/test-certificate.ts';
import { until } from '../testing/until.ts';
import type { GatewayOptions } from './gateway-options.ts';

const output = z.looseObject({});
const hall = contract('hall', {
  hold: get('/hold', { output, access: 'public', timeoutMs: 60_000 }),
  pass: get('/pass', { output, access: 'public' }),
});
const hold = 'GET /hold HTTP/1.1\r\nHost: shop\r\n\r\n';

/** A gateway before one instance that answers `/pass` and never `/hold`. */
async function openHall(options: Partial<GatewayOptions> = {}, parts: Parameters<typeof openGateway>[1] = {}) {
  const held = new Set<ServerResponse>();
  const server = createServer((incoming, response) => {
    if (incoming.url === '/pass') response.end('{}');
    else held.add(response.on('close', () => held.delete(response)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', 4_096, resolve));
  const gateway = await openGateway({ exposes: [hall], ...options }, parts);
  gateway.instances.set('hall', [localInstance('hall', (server.address() as AddressInfo).port)]);
  return {
    gateway,
    /** How many requests the instance has under way. */
    held: () => held.size,
    refused: (status: number) => readMeter(gateway.telemetry, 'dure_gateway_refusals')[String(status)] ?? 0,
    async [Symbol.asyncDispose]() {
      await gateway.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** What somebody at another address is answered with. */
function statusFor(port: number, localAddress = '127.0.0.2'): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const agent = new Agent({ keepAlive: false });
    request({ host: '127.0.0.1', port, path: '/pass', localAddress, agent }, (answer) => {
      answer.resume().on('end', () => resolve(answer.statusCode));
    })
      .on('error', reject)
      .end();
  });
}

test('by connections one client gets half of an instance at most, and another one is served', async () => {
  await using world = await openHall();
  const greedy = Array.from({ length: 600 }, () => rawClient(world.gateway.port));
  for (const client of greedy) client.send(hold);
  await until('all it may have are held', () => world.held() === 256);
  await until('the others are shut out', () => greedy.filter((client) => client.isClosed()).length === 344);
  assert.equal(await statusFor(world.gateway.port), 200);
  for (const client of greedy) client.socket.destroy();
});

test('by requests sent one behind the other it gets no more, and is told so', async () => {
  await using world = await openHall();
  const greedy = Array.from({ length: 5 }, () => rawClient(world.gateway.port));
  for (const client of greedy) client.send(hold.repeat(80));
  await until('all it may have are held', () => world.held() === 256);
  await until('the others are refused', () => world.refused(429) === 400 - 256);
  assert.equal(await statusFor(world.gateway.port), 200);
  assert.equal(await statusFor(world.gateway.port, '127.0.0.1'), 429);
  for (const client of greedy) client.socket.destroy();
  await until('it has gone', () => world.held() === 0);
  assert.equal(await statusFor(world.gateway.port, '127.0.0.1'), 200);
});

test('over one connection so many wait at most: what comes behind them is not carried out', async () => {
  await using world = await openHall({ limits: { maxStreamsPerConnection: 10 } });
  const client = rawClient(world.gateway.port);
  const pass = 'GET /pass HTTP/1.1\r\nHost: shop\r\n\r\n';
  client.send(pass.repeat(300));
  const answers = (await client.ended()).split('HTTP/1.1 200 OK').slice(1);
  assert.equal(answers.length, 11);
  assert.deepEqual(
    answers.map((text) => /^connection: (\S+)/im.exec(text)?.[1]?.toLowerCase() ?? 'keep-alive'),
    [...Array.from({ length: 10 }, () => 'keep-alive'), 'close'],
  );
});

test('without the limit it would get everything: another one finds the instance full', async () => {
  const limits = { maxRequestsPerClient: 10_000 };
  await using world = await openHall({ limits });
  const greedy = Array.from({ length: 10 }, () => rawClient(world.gateway.port));
  for (const client of greedy) client.send(hold.repeat(80));
  await until('the instance is full', () => world.held() === 512);
  assert.equal(await statusFor(world.gateway.port), 503);
  for (const client of greedy) client.socket.destroy();
});

test('by streams of HTTP/2 it gets no more either, and HTTP/2 counts to the connections', async () => {
  await using certificates = await testCertificates();
  const { certFile, keyFile } = certificates;
  const limits = { maxConnectionsPerClient: 8, maxConnections: 10 };
  await using world = await openHall({ tls: { certFile, keyFile }, limits });
  const url = `https://127.0.0.1:${world.gateway.port}`;
  const sessionFrom = (localAddress: string): ClientHttp2Session => {
    const to: ConnectionOptions & { readonly localAddress: string } = {
      ...{ host: '127.0.0.1', port: world.gateway.port, localAddress },
      ...{ rejectUnauthorized: false, ALPNProtocols: ['h2'] },
    };
    const socket = () => connectTls(to);
    return connect(url, { createConnection: socket }).on('error', () => {});
  };
  const statuses: (number | undefined)[] = [];
  const ask = (session: ClientHttp2Session, path: string) => {
    const stream = session.request({ ':path': path });
    stream.on('error', () => {});
    stream.on('response', ({ ':status': status }) => statuses.push(status)).resume();
  };
  const greedy = Array.from({ length: 8 }, () => sessionFrom('127.0.0.1'));
  for (const session of greedy) for (let count = 0; count < 90; count += 1) ask(session, '/hold');
  await until('all it may have are held', () => world.held() === 256);
  await until('the others are refused', () => statuses.filter((status) => status === 429).length === 720 - 256);
  const healthy = sessionFrom('127.0.0.2');
  ask(healthy, '/pass');
  await until('another one is served', () => statuses.at(-1) === 200);
  const more = [sessionFrom('127.0.0.3'), sessionFrom('127.0.0.4')];
  await until('all connections there may be are there', () => more.filter((session) => session.destroyed).length === 1);
  for (const session of [...greedy, healthy, ...more]) session.destroy();
});

test('of several gateways each lets a client have its share', async () => {
  await using world = await openHall({ limits: { maxRequestsPerClient: 10 } }, { workers: () => 4 });
  const greedy = rawClient(world.gateway.port);
  greedy.send(hold.repeat(10));
  await until('the others are refused', () => world.refused(429) === 7);
  await until('its share is held', () => world.held() === 3);
  greedy.socket.destroy();
});

test('a trusted proxy may have all connections, and its clients are counted one by one', async () => {
  const limits = { maxConnectionsPerClient: 4, maxRequestsPerClient: 2 };
  await using world = await openHall({ trustedProxies: ['127.0.0.1'], limits });
  const clients = Array.from({ length: 12 }, (_, index) => {
    const client = rawClient(world.gateway.port);
    client.send(`GET /hold HTTP/1.1\r\nHost: shop\r\nX-Forwarded-For: 192.0.2.${index % 4}\r\n\r\n`);
    return client;
  });
  await until('each has two under way', () => world.held() === 8);
  await until('the third of each is refused', () => world.refused(429) === 4);
  assert.equal(clients.filter((client) => client.isClosed()).length, 0);
  for (const client of clients) client.socket.destroy();
});

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { connect as connectHttp2 } from 'node:http2';
import { request } from 'node:https';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import type { TLSSocket } from 'node:tls';
import { connect } from 'node:tls';
import { systemClock, wait } from '@dure/core';
import { fakeClock, testAuthority } from '@dure/core/testing';
import { openGateway } from '../testing/open-gateway.ts';
import type { ProxyParts } from '../testing/open-proxy.ts';
import { localInstance } from '../testing/open-proxy.ts';
import { rawClient } from '../testing/raw-client.ts';
import { plainAnswer, scriptedUpstream } from '../testing/scripted-upstream.ts';
import { testCertificates } from '../testing/test-certificate.ts';
import { things } from '../testing/test-contract.ts';
import { until } from '../testing/until.ts';
import type { GatewayOptions } from './gateway-options.ts';

async function worldOf(options: Partial<GatewayOptions> = {}, parts: ProxyParts = {}) {
  const certificates = await testCertificates();
  const upstream = await scriptedUpstream((socket, sofar) => {
    if (sofar.endsWith('\r\n\r\n')) socket.write(plainAnswer(/x-forwarded-proto: (\w+)/.exec(sofar)?.[1] ?? ''));
  });
  const { certFile, keyFile } = certificates;
  const gateway = await openGateway({ exposes: [things], tls: { certFile, keyFile }, ...options }, parts);
  gateway.instances.set('things', [localInstance('things', upstream.port)]);
  return {
    certificates,
    gateway,
    upstream,
    async [Symbol.asyncDispose]() {
      await gateway.close();
      await upstream.close();
      await certificates[Symbol.asyncDispose]();
    },
  };
}

function get(port: number, options: object = {}): Promise<{ readonly status: number; readonly body: string }> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, path: '/things/7', rejectUnauthorized: false, ...options });
    asked.on('error', reject);
    asked.on('response', (answer) => {
      let body = '';
      answer.setEncoding('utf8').on('data', (piece) => {
        body += piece;
      });
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body }));
    });
    asked.end();
  });
}

/** A connection after its handshake. */
function shakeHands(port: number): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false, ALPNProtocols: ['http/1.1'] });
    socket.on('error', reject);
    socket.once('secureConnect', () => resolve(socket));
  });
}

const nameOf = (socket: TLSSocket) => socket.getPeerCertificate().subject.CN;

test('the gateway speaks TLS by itself, and services hear so', async () => {
  await using world = await worldOf();
  assert.deepEqual(await get(world.gateway.port), { status: 200, body: 'https' });
  const plain = rawClient(world.gateway.port);
  plain.send('GET /things/7 HTTP/1.1\r\nHost: shop\r\n\r\n');
  assert.doesNotMatch(await plain.ended(), /200/);
});

test('protocols older than TLS 1.2 are refused, and those older than what is asked for', async () => {
  await using world = await worldOf();
  await assert.rejects(get(world.gateway.port, { maxVersion: 'TLSv1.1', minVersion: 'TLSv1' }));
  const { certFile, keyFile } = world.certificates;
  await using strict = await worldOf({ tls: { certFile, keyFile, minVersion: 'TLSv1.3' } });
  await assert.rejects(get(strict.gateway.port, { maxVersion: 'TLSv1.2' }));
  assert.equal((await get(strict.gateway.port)).status, 200);
});

test('a new certificate is taken without losing a connection, a broken one is refused and the one before stays', async () => {
  const clock = fakeClock();
  await using world = await worldOf({}, { clock });
  const before = await shakeHands(world.gateway.port);
  assert.equal(nameOf(before), 'first.test');
  world.certificates.write('second.test');
  const lines = () => world.gateway.telemetry.logs.map(({ message }) => message);
  await clock.advance(5_000);
  await until('it is taken', () => lines().includes('the TLS certificate was replaced'));
  const after = await shakeHands(world.gateway.port);
  assert.equal(nameOf(after), 'second.test');
  writeFileSync(world.certificates.certFile, 'nonsense');
  await until('the files are looked at again', () => {
    void clock.advance(5_000);
    return lines().includes('the new TLS certificate is refused, the one before stays');
  });
  const still = await shakeHands(world.gateway.port);
  assert.equal(nameOf(still), 'second.test');
  const answered = new Promise((resolve) => before.once('data', resolve));
  before.write('GET /things/7 HTTP/1.1\r\nHost: shop\r\n\r\n');
  assert.match(String(await answered), /^HTTP\/1\.1 200 /);
  for (const socket of [before, after, still]) socket.destroy();
});

test('files that are missing or no pair stop the start', async () => {
  await using certificates = await testCertificates();
  const { certFile, keyFile } = certificates;
  const start = (tls: GatewayOptions['tls'] & object) => openGateway({ exposes: [things], tls });
  await assert.rejects(start({ certFile: `${certFile}.not`, keyFile }), { code: 'GATEWAY_PROTOCOL_INVALID' });
  await assert.rejects(start({ certFile, keyFile: certFile }), { code: 'GATEWAY_PROTOCOL_INVALID' });
});

test('clients that have to show a certificate get no connection without one of the authority that is named', async () => {
  await using partners = await testAuthority('partners');
  await using strangers = await testAuthority('strangers');
  const pairOf = ({ issue }: typeof partners) => {
    const { certFile, keyFile } = issue('DNS:client.test');
    return { cert: readFileSync(certFile), key: readFileSync(keyFile) };
  };
  await using certificates = await testCertificates();
  const { certFile, keyFile } = certificates;
  await using world = await worldOf({ tls: { certFile, keyFile, clientCaFile: partners.caFile } });
  const { port } = world.gateway;
  assert.equal((await get(port, pairOf(partners))).status, 200);
  await assert.rejects(get(port), 'without a certificate');
  await assert.rejects(get(port, pairOf(strangers)), 'with one of another authority');
  const session = connectHttp2(`https://127.0.0.1:${port}`, { rejectUnauthorized: false });
  session.on('error', () => {});
  await until('there is no connection by HTTP/2 without one', () => session.destroyed);
  assert.deepEqual(world.upstream.received.length, 1);
  const start = (clientCaFile: string) => openGateway({ exposes: [things], tls: { certFile, keyFile, clientCaFile } });
  await assert.rejects(start(keyFile), { code: 'GATEWAY_PROTOCOL_INVALID' });
  await assert.rejects(start(`${certFile}.not`), { code: 'GATEWAY_PROTOCOL_INVALID' });
});

test('one address cannot take every connection, handshakes included', async () => {
  await using world = await worldOf({ limits: { maxConnectionsPerClient: 2 } });
  const first = await shakeHands(world.gateway.port);
  const silent = rawClient(world.gateway.port);
  await until('it is connected', () => silent.socket.readyState === 'open');
  await assert.rejects(shakeHands(world.gateway.port));
  silent.socket.destroy();
  // The gateway hears of it a little later.
  let next: Socket | undefined;
  for (let tries = 0; next === undefined && tries < 200; tries += 1) {
    next = await shakeHands(world.gateway.port).catch(() => wait(systemClock, 10).then(() => undefined));
  }
  assert.ok(next !== undefined, 'the place of the silent one is not given back');
  for (const socket of [first, next]) socket.destroy();
});

test('a WebSocket opens over TLS', async () => {
  await using world = await worldOf({ webSockets: [things.only('followThing')] });
  const socket = await shakeHands(world.gateway.port);
  const answered = new Promise((resolve) => socket.once('data', resolve));
  socket.write('GET /things/7/events HTTP/1.1\r\nHost: shop\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n');
  await answered;
  assert.match(world.upstream.received[0] ?? '', /\r\nconnection: upgrade\r\nupgrade: websocket\r\n/);
  socket.destroy();
});

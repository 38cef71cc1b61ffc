import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { seededRandom, systemClock, wait } from '@dure/core';
import { contract, post } from '@dure/service/contract';
import { z } from 'zod';
import { keepAliveRace } from './keep-alive-race.ts';
import { openGateway } from './open-gateway.ts';
import { localInstance } from './open-proxy.ts';

const any = z.looseObject({});
const orders = contract('orders', { place: post('/orders', { body: any, output: any, access: 'public' }) });

/** A Node.js server that hangs up on an idle connection exactly when it has said. */
async function strictUpstream(keepAliveMs: number) {
  let connections = 0;
  const server = createServer((request, response) => {
    request.resume().on('end', async () => {
      await wait(systemClock, 50); // so that requests of one moment have a connection each
      response.writeHead(200, { 'content-length': '2' }).end('ok');
    });
  });
  Object.assign(server, { keepAliveTimeout: keepAliveMs, keepAliveTimeoutBuffer: 0 });
  server.on('connection', () => {
    connections += 1;
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    connections: () => connections,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Three races at the moment at which a kept connection may be closed: before the gateway, and twice behind it. */
export function keepAliveSuite(clients: number, rounds: number): void {
  const random = seededRandom(7);
  test('no POST fails that comes when the time is up that the gateway promised to keep the connection', async () => {
    await using upstream = await strictUpstream(60_000);
    await using gateway = await openGateway({ exposes: [orders], limits: { keepAliveMs: 1_000 } });
    gateway.instances.set('orders', [localInstance('orders', upstream.port)]);
    const race = { port: gateway.port, clients, rounds, keeps: true, pauseMs: 1_000, random };
    const { sent, reused, failures } = await keepAliveRace(race);
    assert.deepEqual(failures, []);
    assert.equal(sent, clients * rounds);
    assert.ok(reused >= sent / 2, `only ${reused} of ${sent} came over a kept connection`);
  });

  for (const [pauseMs, what] of [
    [1_000, 'when the gateway gives up a connection to an instance'],
    [2_000, 'when the instance closes a kept connection'],
  ] as const) {
    test(`no POST fails that comes ${what}`, async () => {
      await using upstream = await strictUpstream(2_000);
      await using gateway = await openGateway({ exposes: [orders] });
      gateway.instances.set('orders', [localInstance('orders', upstream.port)]);
      const race = { port: gateway.port, clients, rounds, keeps: false, pauseMs, random };
      const { sent, failures } = await keepAliveRace(race);
      assert.deepEqual(failures, []);
      assert.equal(sent, clients * rounds);
      assert.ok(upstream.connections() > clients, `${upstream.connections()} connections for ${sent} requests`);
    });
  }
}

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { seededRandom, systemClock, wait } from '@dure/core';
import { keepAliveRace } from './keep-alive-race.ts';
import { openGateway } from './open-gateway.ts';
import { localInstance } from './open-proxy.ts';
import { things } from './test-contract.ts';

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
  test('no POST fails that comes when the time is up that the gateway promised to keep the connection', async () => {
    await using upstream = await strictUpstream(60_000);
    await using gateway = await openGateway({ exposes: [things], limits: { keepAliveMs: 1_000 } });
    gateway.instances.set('things', [localInstance('things', upstream.port)]);
    const race = { port: gateway.port, clients, rounds, idleMs: 1_000, random: seededRandom(7) };
    const { sent, reused, failures } = await keepAliveRace(race);
    assert.deepEqual(failures, []);
    assert.equal(sent, clients * rounds);
    assert.ok(reused >= sent / 2, `only ${reused} of ${sent} came over a kept connection`);
  });

  for (const [pauseMs, what, leastConnections] of [
    [1_000, 'when the gateway gives up a connection to an instance', clients],
    [2_000, 'when the instance closes a kept connection', (clients * rounds) / 2],
  ] as const) {
    test(`no POST fails that comes ${what}`, async () => {
      await using upstream = await strictUpstream(2_000);
      await using gateway = await openGateway({ exposes: [things] });
      gateway.instances.set('things', [localInstance('things', upstream.port)]);
      const race = { port: gateway.port, clients, rounds, idleMs: 0, pauseMs, random: seededRandom(7) };
      const { sent, failures } = await keepAliveRace(race);
      assert.deepEqual(failures, []);
      assert.equal(sent, clients * rounds);
      assert.ok(upstream.connections() >= leastConnections, `${upstream.connections()} for ${sent} requests`);
    });
  }
}

import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Server } from 'node:http';
import { Agent, createServer, get } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { systemClock, systemRandom, wait } from '@dure/core';
import { silentTelemetry } from '@dure/telemetry';
import type { RegistryClient } from './client/registry-client.ts';
import { registryClient } from './client/registry-client.ts';
import type { RunningRegistry } from './testing/start-registry.ts';
import { startRegistry } from './testing/start-registry.ts';
import { until } from './testing/until.ts';

const registrationOf = (instanceId: string, port = 7001) => {
  return { service: 'stock', instanceId, host: '127.0.0.1', port, managementPort: 7002, metadata: {} };
};

function follow(registry: RunningRegistry, subject: string): RegistryClient {
  return registryClient({
    url: registry.url,
    signer: registry.signer(subject),
    signerOf: registry.signer,
    clock: systemClock,
    random: systemRandom,
    telemetry: silentTelemetry(),
  });
}

test('a drained instance is in nobody’s list at the moment of the answer', async (context) => {
  await using registry = await startRegistry();
  await using stock = follow(registry, 'stock');
  const callers = Array.from({ length: 20 }, () => follow(registry, 'order'));
  const taken: number[] = [];
  for (let round = 0; round < 10; round += 1) {
    const registered = await stock.register(registrationOf(`stock:${round}`));
    await Promise.all(callers.map((caller) => caller.ready('stock', 5_000)));
    const start = performance.now();
    assert.equal(await registered.drain(2_000), 'drained');
    taken.push(performance.now() - start);
    assert.deepEqual(
      callers.flatMap((caller) => caller.instances('stock')),
      [],
    );
    await registered.close();
  }
  context.diagnostic(`20 subscribers acknowledged in ${taken.map((ms) => ms.toFixed(0)).join(', ')} ms`);
  await Promise.all(callers.map((caller) => caller.close()));
});

test('a subscriber that never acknowledges holds a drain up no longer than it may take', async () => {
  await using registry = await startRegistry();
  await using stock = follow(registry, 'stock');
  const leaving = new AbortController();
  const deaf = await fetch(`${registry.url}/dure/instances?process=deaf`, {
    headers: { authorization: 'Bearer order' },
    signal: leaving.signal,
  });
  assert.equal(deaf.status, 200);
  const registered = await stock.register(registrationOf('stock:a'));
  const start = performance.now();
  assert.equal(await registered.drain(150), 'timed-out');
  const taken = performance.now() - start;
  assert.ok(taken >= 140 && taken < 400, `${taken} ms`);
  leaving.abort();
});

test('a subscriber that has closed is not waited for', async () => {
  await using registry = await startRegistry({ reconnectGraceMs: 5_000 });
  await using stock = follow(registry, 'stock');
  const caller = follow(registry, 'order');
  const registered = await stock.register(registrationOf('stock:a'));
  await caller.ready('stock', 5_000);
  await caller.close();
  assert.equal(await registered.drain(2_000), 'drained');
});

test('while the registry is away a drain says at once that it could not', async () => {
  const registry = await startRegistry();
  const stock = follow(registry, 'stock');
  const registered = await stock.register(registrationOf('stock:a'));
  await registry.close();
  const start = performance.now();
  assert.equal(await registered.drain(1_000), 'timed-out');
  assert.ok(performance.now() - start < 300);
  await stock.close();
});

test('draining somebody else’s instance is refused', async () => {
  await using registry = await startRegistry();
  await using stock = follow(registry, 'stock');
  await stock.register(registrationOf('stock:a'));
  const answer = await fetch(`${registry.url}/dure/drains/STOCK/stock%3Aa?within=10`, {
    method: 'PUT',
    headers: { authorization: 'Bearer thief' },
  });
  assert.equal(answer.status, 403);
  assert.equal(((await answer.json()) as { readonly code: string }).code, 'REGISTRY_NOT_YOURS');
});

function connectionsOf(server: Server): Promise<number> {
  return new Promise((resolve) => server.getConnections((_, count) => resolve(count)));
}

test('twenty rolling restarts under load without any pause fail no request', async (context) => {
  await using registry = await startRegistry();
  await using stock = follow(registry, 'stock');
  await using caller = follow(registry, 'order');
  const agent = new Agent({ keepAlive: true });
  const startInstance = async (name: string) => {
    const server = createServer((_, response) => void wait(systemClock, 3).then(() => response.end('ok')));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const registered = await stock.register(registrationOf(name, (server.address() as AddressInfo).port));
    return async () => {
      assert.equal(await registered.drain(2_000), 'drained');
      await registered.close();
      const closed = once(server, 'close');
      server.close();
      while (server.listening || (await connectionsOf(server)) > 0) {
        server.closeIdleConnections();
        await wait(systemClock, 1);
      }
      await closed;
    };
  };
  let stop = await startInstance('stock:0');
  await caller.ready('stock', 5_000);
  const outcomes = { answered: 0, failed: 0 };
  let isOver = false;
  const call = () =>
    new Promise<boolean>((resolve) => {
      const [instance] = caller.instances('stock');
      if (instance === undefined) return resolve(false);
      get({ host: instance.host, port: instance.port, agent }, (response) => {
        response.resume().once('end', () => resolve(response.statusCode === 200));
      }).once('error', () => resolve(false));
    });
  const load = Array.from({ length: 8 }, async () => {
    while (!isOver) outcomes[(await call()) ? 'answered' : 'failed'] += 1;
  });
  for (let round = 1; round <= 20; round += 1) {
    const next = await startInstance(`stock:${round}`);
    await until(() => caller.instances('stock').length === 2);
    await stop();
    stop = next;
  }
  isOver = true;
  await Promise.all(load);
  context.diagnostic(`${outcomes.answered} answered, ${outcomes.failed} failed over 20 restarts`);
  assert.equal(outcomes.failed, 0);
  assert.ok(outcomes.answered > 100);
  agent.destroy();
  await stop();
});

import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, request as forward } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { instanceListContract } from '@dure/balancer/testing';
import { codeOf, systemClock, systemRandom } from '@dure/core';
import type { Registered } from '@dure/service/server';
import { silentTelemetry } from '@dure/telemetry';
import type { RegistryClient } from './client/registry-client.ts';
import { registryClient } from './client/registry-client.ts';
import { registryService } from './server/registry-service.ts';
import type { RunningRegistry } from './testing/start-registry.ts';
import { startRegistry } from './testing/start-registry.ts';
import { until } from './testing/until.ts';

const registrationOf = (service: string, name: string) => ({
  service,
  instanceId: `${service}:${name}`,
  host: '127.0.0.1',
  port: 7001,
  managementPort: 7002,
  metadata: {},
});

function follow(registry: RunningRegistry, subject = 'order'): RegistryClient {
  return registryClient({
    url: registry.url,
    signer: registry.signer(subject),
    signerOf: registry.signer,
    clock: systemClock,
    random: systemRandom,
    telemetry: silentTelemetry(),
  });
}

async function startProcess(url: string, ...services: string[]): Promise<ChildProcess> {
  const child = spawn(process.execPath, [`${import.meta.dirname}/testing/process.main.ts`, url, ...services], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  assert.ok(child.stdout);
  await once(child.stdout, 'data');
  return child;
}

test('the instances of a killed process are gone from its callers in less than a second', async (context) => {
  await using registry = await startRegistry();
  await using caller = follow(registry);
  const taken: number[] = [];
  for (let round = 0; round < 3; round += 1) {
    const child = await startProcess(registry.url, 'stock', 'price');
    await Promise.all([caller.ready('stock', 5_000), caller.ready('price', 5_000)]);
    child.kill('SIGKILL');
    const isGone = () => caller.instances('stock').length === 0 && caller.instances('price').length === 0;
    taken.push(await until(isGone, 1_000));
  }
  context.diagnostic(`gone after ${taken.map((ms) => Math.round(ms)).join(', ')} ms`);
});

test('a process that stops properly is gone at once, and one that is up is there at once', async (context) => {
  await using registry = await startRegistry();
  await using caller = follow(registry);
  await using other = follow(registry, 'stock');
  const start = performance.now();
  const registered = await other.register(registrationOf('stock', 'a'));
  await caller.ready('stock', 1_000);
  const visible = performance.now() - start;
  const closing = performance.now();
  await registered.close();
  await until(() => caller.instances('stock').length === 0, 200);
  context.diagnostic(`there after ${visible.toFixed(0)} ms, gone after ${(performance.now() - closing).toFixed(0)} ms`);
});

test('an instance that registered a secure port, as Spring does for https, is called there by TLS', async () => {
  await using registry = await startRegistry();
  await using caller = follow(registry);
  const authorization = await registry.signer('stock').authorize('registry', undefined);
  const response = await fetch(`${registry.url}/eureka/apps/STOCK`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization },
    body: JSON.stringify({
      instance: {
        instanceId: 'stock:a',
        hostName: 'stock.test',
        app: 'STOCK',
        ipAddr: '127.0.0.1',
        status: 'UP',
        port: { $: 8080, '@enabled': 'false' },
        securePort: { $: 8443, '@enabled': 'true' },
        dataCenterInfo: { '@class': 'com.netflix.appinfo.InstanceInfo$DefaultDataCenterInfo', name: 'MyOwn' },
      },
    }),
  });
  assert.equal(response.status, 204);
  await caller.ready('stock', 1_000);
  const [found] = caller.instances('stock');
  assert.deepEqual([found?.host, found?.port, found?.secure], ['stock.test', 8443, true]);
});

test('an instance that is out of service takes no traffic and stays known, and comes back', async () => {
  await using registry = await startRegistry();
  await using caller = follow(registry);
  await using other = follow(registry, 'stock');
  const registered = await other.register(registrationOf('stock', 'a'));
  await caller.ready('stock', 1_000);
  await registered.setStatus('OUT_OF_SERVICE');
  await until(() => caller.instances('stock').length === 0);
  assert.deepEqual(
    caller.known().map(({ status }) => status),
    ['OUT_OF_SERVICE'],
  );
  await registered.setStatus('UP');
  await until(() => caller.instances('stock').length === 1);
});

test('while the registry is away the last known list stays, and after a restart everything registers again', async (context) => {
  let registry = await startRegistry();
  const caller = follow(registry);
  const others = ['a', 'b', 'c'].map((name) => ({ name, client: follow(registry, 'stock') }));
  for (const { name, client } of others) await client.register(registrationOf('stock', name));
  await until(() => caller.instances('stock').length === 3);
  let fewest = 3;
  caller.onChange('stock', () => {
    fewest = Math.min(fewest, caller.instances('stock').length);
  });
  const { port } = registry;
  await registry.close();
  await until(() => caller.health().status === 'UNKNOWN');
  assert.equal(caller.instances('stock').length, 3);
  registry = await startRegistry({}, port);
  const back = await until(() => caller.health().status === 'UP' && caller.known().every(({ isHeld }) => !isHeld));
  context.diagnostic(`all registered again after ${back.toFixed(0)} ms`);
  assert.equal(fewest, 3, 'no instance vanished for a moment');
  await Promise.all([caller, ...others.map(({ client }) => client)].map((client) => client.close()));
  await registry.close();
});

test('a process that starts while the registry is away finds the others by the list on disk', async (context) => {
  const keepIn = await mkdtemp(join(tmpdir(), 'dure-registry-'));
  context.after(() => rm(keepIn, { recursive: true }));
  const registry = await startRegistry();
  const open = () =>
    registryClient({
      url: registry.url,
      signer: registry.signer('order'),
      clock: systemClock,
      random: systemRandom,
      telemetry: silentTelemetry(),
      keepIn,
    });
  const stock = follow(registry, 'stock');
  const first = open();
  await stock.register(registrationOf('stock', 'a'));
  await first.ready('stock', 5_000);
  await until(() => existsSync(join(keepIn, 'instances.json')));
  await registry.close();
  await first.close();
  const second = open();
  await until(() => second.instances('stock').length === 1);
  await assert.rejects(second.ready('stock', 20), 'it is in nobody’s view but the disk’s');
  await Promise.all([second.close(), stock.close()]);
});

test('a client that starts before its registry registers as soon as there is one', async () => {
  const early = await startRegistry();
  const { port } = early;
  await early.close();
  const client = registryClient({
    url: `http://127.0.0.1:${port}`,
    signer: { authorize: async () => 'Bearer stock' },
    clock: systemClock,
    random: systemRandom,
    telemetry: silentTelemetry(),
  });
  const registering = client.register(registrationOf('stock', 'a'));
  const registry = await startRegistry({}, port);
  await registering;
  await client.ready('stock', 5_000);
  await client.close();
  await registry.close();
});

test('registering a service that is not one’s own is refused, and says so', async () => {
  await using registry = await startRegistry();
  await using thief = registryClient({
    url: registry.url,
    signer: registry.signer('thief'),
    clock: systemClock,
    random: systemRandom,
    telemetry: silentTelemetry(),
  });
  await assert.rejects(thief.register(registrationOf('payment', 'mine')), (error) => {
    assert.equal(codeOf(error), 'REGISTRY_REFUSED');
    assert.match((error as Error).message, /403.*"thief" may not change registrations of PAYMENT/);
    return true;
  });
});

test('waiting for a service that does not come names it and who is there', async () => {
  await using registry = await startRegistry();
  await using client = follow(registry, 'stock');
  await client.register(registrationOf('stock', 'a'));
  await client.ready('stock', 1_000);
  await assert.rejects(client.ready('price', 20), (error: Error) => {
    assert.equal(codeOf(error), 'REGISTRY_NOT_VISIBLE');
    assert.match(error.message, /no instance of "price" took traffic within 20 ms; the registry knows stock/);
    return true;
  });
});

test('an impossible option is refused with its range', () => {
  assert.throws(
    () => registryService({ maxInstances: 0 }),
    (error: Error) =>
      codeOf(error) === 'REGISTRY_OPTION_INVALID' && /maxInstances is 0; .*at least 1/.test(error.message),
  );
});

instanceListContract('registryClient over HTTP', async () => {
  const registry = await startRegistry();
  const list = follow(registry);
  const writers = new Map<string, RegistryClient>();
  const held = new Map<string, Registered>();
  await until(() => list.health().status === 'UP');
  return {
    list,
    async put(service, instances) {
      const writer = writers.get(service) ?? follow(registry, service);
      writers.set(service, writer);
      for (const [id, registered] of held) {
        if (!id.startsWith(`${service}:`) || instances.some((instance) => instance.id === id)) continue;
        held.delete(id);
        await registered.close();
      }
      for (const instance of instances) {
        if (held.has(instance.id)) continue;
        const { id: instanceId, host, port, managementPort = 0 } = instance;
        held.set(instanceId, await writer.register({ service, instanceId, host, port, managementPort, metadata: {} }));
      }
      await until(() => list.instances(service).length === instances.length);
    },
    async close() {
      await Promise.all([...writers.values(), list].map((client) => client.close()));
      await registry.close();
    },
  };
});

test('against a registry without a push stream the client registers, polls, and finds the others', async () => {
  await using registry = await startRegistry();
  const proxied = createServer((request, response) => {
    if (request.url?.startsWith('/dure/')) return void response.writeHead(404).end();
    const { method = 'GET', headers } = request;
    const path = request.url?.replace('/my/eureka/v2', '/eureka') ?? '';
    const onward = forward({ host: '127.0.0.1', port: registry.port, path, method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(response);
    });
    request.pipe(onward);
  });
  proxied.listen(0, '127.0.0.1');
  await once(proxied, 'listening');
  const { port } = proxied.address() as AddressInfo;
  const open = (user: string) =>
    registryClient({
      url: `http://${user}:secret@127.0.0.1:${port}/my/eureka/v2/`,
      signer: { authorize: async () => 'Bearer nobody' },
      clock: systemClock,
      random: systemRandom,
      telemetry: silentTelemetry(),
      pollMs: 20,
    });
  const stock = open('stock');
  const caller = open('order');
  const registered = await stock.register(registrationOf('stock', 'a'));
  await caller.ready('stock', 5_000);
  await until(() => caller.health().status === 'UP');
  await registered.setStatus('OUT_OF_SERVICE');
  await until(() => caller.instances('stock').length === 0);
  assert.equal(caller.known()[0]?.status, 'OUT_OF_SERVICE');
  await registered.setStatus('UP');
  await until(() => caller.instances('stock').length === 1);
  assert.equal(await registered.drain(100), 'timed-out', 'nobody can be asked there');
  await registered.close();
  await until(() => caller.known().length === 0);
  await Promise.all([stock.close(), caller.close()]);
  proxied.closeAllConnections();
  proxied.close();
});

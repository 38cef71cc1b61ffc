import assert from 'node:assert/strict';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { after, test } from 'node:test';
import { systemClock, systemRandom } from '@dure/core';
import type { Registered } from '@dure/service/server';
import { silentTelemetry } from '@dure/telemetry';
import type { RegistryClient, RegistryClientOptions } from './client/registry-client.ts';
import { registryClient } from './client/registry-client.ts';
import type { JvmProgram } from './testing/jvm-program.ts';
import { buildJvm, startJvm, whyNoJvm } from './testing/jvm-program.ts';
import type { RecordingProxy } from './testing/recording-proxy.ts';
import { openRecordingProxy } from './testing/recording-proxy.ts';
import { startRegistry } from './testing/start-registry.ts';
import { until } from './testing/until.ts';

// Eureka's own clients and server in a JVM, as they are. What they ask is recorded on its way. They count in whole
// seconds, so that every step takes one or two.

const patienceMs = 30_000;
const noJvm = await whyNoJvm();
const skip = noJvm ?? false;
const generations = [
  { boot: '3.5.7', cloud: '2025.0.0', netflix: '4.3.0' },
  { boot: '4.0.7', cloud: '2025.1.4', netflix: '5.0.3' },
];
type Generation = (typeof generations)[number];

const builds = new Map<string, ReturnType<typeof buildJvm>>();
after(async () => {
  for (const built of await Promise.allSettled(builds.values()))
    if (built.status === 'fulfilled' && typeof built.value !== 'string')
      await rm(built.value.folder, { recursive: true });
});

type JvmProject = 'netflix-client' | 'spring-client' | 'spring-server';

/** The folder of a compiled project; undefined when the test had to be skipped. */
async function build(context: TestContext, project: JvmProject, versions?: Generation): Promise<string | undefined> {
  const key = `${project} ${versions?.cloud}`;
  const properties: Readonly<Record<string, string>> =
    versions === undefined ? {} : { 'spring-boot.version': versions.boot, 'spring-cloud.version': versions.cloud };
  const building = builds.get(key) ?? buildJvm(join(import.meta.dirname, 'testing', 'jvm', project), properties);
  builds.set(key, building);
  const built = await building;
  if (typeof built !== 'string') return built.folder;
  context.skip(built);
  return undefined;
}

function follow(url: string, more: Partial<RegistryClientOptions> = {}): RegistryClient {
  return registryClient({
    url,
    signer: { authorize: async () => 'Bearer shelf' },
    clock: systemClock,
    random: systemRandom,
    telemetry: silentTelemetry(),
    ...more,
  });
}

const addressesOf = (client: RegistryClient, service: string) =>
  client.instances(service).map(({ host, port }) => `${host}:${port}`);

const registerShelf = (client: RegistryClient, port: number): Promise<Registered> =>
  client.register({
    service: 'shelf',
    instanceId: `shelf:${port}`,
    host: '127.0.0.1',
    port,
    managementPort: 4_100,
    metadata: {},
  });

const answers = (program: JvmProgram, question: string, expected: string) =>
  until(async () => (await program.ask(question)) === expected, patienceMs);

const happened = (requests: RecordingProxy, pattern: RegExp, times = 1) =>
  until(() => requests.count(pattern) >= times, patienceMs);

const whole = /^GET \/eureka\/apps\/? 200$/;
const delta = /^GET \/eureka\/apps\/delta\/?\S* 200$/;
const registration = /^POST \/eureka\/apps\/PRICE\/? 204$/;
const unknown = /^PUT \/eureka\/apps\/PRICE\/price:1\?\S* 404$/;
const renewal = /^PUT \/eureka\/apps\/PRICE\/price:1\?\S*status=UP\S* 200$/;

/** Starts the program `price`, and lets it be found, find, renew, be forgotten and come back. `status` changes its status. */
async function joins(
  start: (requests: RecordingProxy) => Promise<JvmProgram>,
  status: (program: JvmProgram, ours: RegistryClient, requests: RecordingProxy) => Promise<void>,
): Promise<void> {
  const options = { evictionIntervalMs: 100, selfPreservation: false };
  await using first = await startRegistry(options);
  await using requests = await openRecordingProxy(first.port);
  await using ours = follow(first.url);
  const early = await registerShelf(ours, 4_001);
  await using price = await start(requests);
  await until(() => ours.instances('price').length === 1, patienceMs);
  await answers(price, 'vip shelf', '[127.0.0.1:4001]');

  await happened(requests, delta);
  const wholeBefore = requests.count(whole);
  await registerShelf(ours, 4_002);
  await answers(price, 'vip shelf', '[127.0.0.1:4001, 127.0.0.1:4002]');
  await early.close();
  await answers(price, 'vip shelf', '[127.0.0.1:4002]');
  assert.equal(await price.ask('hash'), 'UP_2_');
  assert.equal(requests.count(whole), wholeBefore, 'it came by deltas, whose hash was that of what they make');

  await happened(requests, renewal, 5); // one a second, and the lease is three
  assert.equal(ours.instances('price').length, 1);
  assert.equal(requests.count(/ 404$/), 0, 'it was known all the time');
  await status(price, ours, requests);

  await happened(requests, renewal, requests.count(renewal) + 2); // it has nothing else to tell any more
  const [forgotten, registered] = [requests.count(unknown), requests.count(registration)];
  await first.close();
  await using _second = await startRegistry(options, first.port);
  await happened(requests, unknown, forgotten + 1);
  await happened(requests, registration, registered + 1);
  await until(() => ours.known().length === 2 && ours.known().every(({ isHeld }) => !isHeld), patienceMs);
  await answers(price, 'vip shelf', '[127.0.0.1:4002]');

  await price.end();
  assert.equal(requests.count(/^DELETE \/eureka\/apps\/PRICE\/price:1 200$/), 1);
  await until(() => ours.instances('price').length === 0, patienceMs);
  const refused = requests.seen.filter((line) => / [45]\d\d$/.test(line) && !unknown.test(line));
  assert.deepEqual(refused, []);
}

test('Netflix’s eureka-client 2.0.6 (Jersey 3) registers, renews, finds ours, is found by ours, comes back, and leaves', {
  skip,
}, async (context) => {
  const folder = await build(context, 'netflix-client');
  if (folder === undefined) return;
  const start = (requests: RecordingProxy) => {
    const settings = {
      name: 'price',
      vipAddress: 'price',
      instanceId: 'price:1',
      port: 4_010,
      shouldUseDns: false,
      'serviceUrl.default': `http://price:secret@127.0.0.1:${requests.port}/eureka/`,
      'client.refresh.interval': 1,
      'appinfo.initial.replicate.time': 0,
      'appinfo.replicate.interval': 1,
      'lease.renewalInterval': 1,
      'lease.duration': 3,
    };
    const options = Object.entries(settings).map(([name, value]) => `-Deureka.${name}=${value}`);
    return startJvm(folder, 'dure.NetflixProgram', ...options);
  };
  await joins(start, async (program, ours) => {
    assert.deepEqual(addressesOf(ours, 'price'), ['127.0.0.1:4010']);
    assert.equal(await program.ask('app SHELF'), '[127.0.0.1:4002]');
    assert.equal(await program.ask('status DOWN'), 'DOWN');
    await until(() => ours.instances('price').length === 0, patienceMs);
    assert.equal(await program.ask('status UP'), 'UP');
    await until(() => ours.instances('price').length === 1, patienceMs);
  });
});

const often = [
  '--server.address=127.0.0.1',
  '--spring.main.banner-mode=off',
  '--logging.level.root=error',
  '--eureka.client.registry-fetch-interval-seconds=1',
  '--eureka.client.initial-instance-info-replication-interval-seconds=0',
  '--eureka.client.instance-info-replication-interval-seconds=1',
  '--eureka.instance.lease-renewal-interval-in-seconds=1',
  '--eureka.instance.lease-expiration-duration-in-seconds=3',
];

/** The Spring Boot service `price`, which registers there. */
async function startSpring(folder: string, serviceUrl: string): Promise<JvmProgram> {
  return startJvm(
    folder,
    'dure.SpringProgram',
    ...often,
    `--server.port=${await freePort()}`, // it may register a 0 before it knows its port
    '--spring.application.name=price',
    '--eureka.instance.instance-id=price:1',
    '--eureka.instance.prefer-ip-address=true',
    '--eureka.instance.ip-address=127.0.0.1',
    `--eureka.client.service-url.defaultZone=${serviceUrl}`,
  );
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

for (const generation of generations) {
  const { boot, cloud, netflix } = generation;
  const versions = `${netflix} (Spring Cloud ${cloud}, Boot ${boot})`;

  test(`a service with Spring Cloud Netflix ${versions} registers, renews, finds ours, is found by ours, comes back, and leaves`, {
    skip,
  }, async (context) => {
    const folder = await build(context, 'spring-client', generation);
    if (folder === undefined) return;
    const start = (requests: RecordingProxy) =>
      startSpring(folder, `http://price:secret@127.0.0.1:${requests.port}/eureka/`);
    await joins(start, async (program, ours, requests) => {
      const [address] = addressesOf(ours, 'price');
      const answer = await fetch(`http://${address}/prices/tea`);
      assert.deepEqual(await answer.json(), { sku: 'tea', won: 12_000 });
      for (const back of ['UP', 'CANCEL_OVERRIDE']) {
        await program.ask('status OUT_OF_SERVICE');
        await until(() => ours.instances('price').length === 0, patienceMs);
        assert.equal(ours.known().find(({ instance }) => instance.service === 'price')?.status, 'OUT_OF_SERVICE');
        await program.ask(`status ${back}`);
        await until(() => ours.instances('price').length === 1, patienceMs);
      }
      assert.equal(requests.count(/^DELETE \/eureka\/apps\/PRICE\/price:1\/status\S* 200$/), 1);
    });
  });

  test(`our client works with the Eureka server of Spring Cloud Netflix ${versions}: registers, renews, follows by polling, comes back, and leaves`, {
    skip,
  }, async (context) => {
    const folder = await build(context, 'spring-server', generation);
    const clientFolder = folder && (await build(context, 'spring-client', generation));
    if (folder === undefined || clientFolder === undefined) return;
    const startServer = (port: string) =>
      startJvm(
        folder,
        'dure.SpringServer',
        ...often,
        `--server.port=${port}`,
        '--eureka.instance.hostname=127.0.0.1', // so that the one URL below is itself, and it has no peer
        '--eureka.client.service-url.defaultZone=http://127.0.0.1:1/eureka/',
        '--eureka.client.register-with-eureka=false',
        '--eureka.client.fetch-registry=false',
        '--eureka.server.response-cache-update-interval-ms=100',
        '--eureka.server.eviction-interval-timer-in-ms=500',
        '--eureka.server.enable-self-preservation=false',
      );
    await using first = await startServer('0');
    const base = `http://127.0.0.1:${first.ready}/eureka/`;
    await using requests = await openRecordingProxy(Number(first.ready));
    const url = `http://127.0.0.1:${requests.port}/eureka/`;
    await using ours = follow(url, { pollMs: 100, renewalIntervalMs: 500, leaseMs: 2_000 });
    const registered = await registerShelf(ours, 4_001);
    const listed = async (accept: string, word: string) => {
      const answer = await fetch(`${base}apps`, { headers: { accept } });
      return (await answer.text()).includes(word);
    };
    await until(() => listed('application/json', '"name":"SHELF"'), patienceMs);
    await until(() => listed('application/xml', '<name>SHELF</name>'), patienceMs);

    await using price = await startSpring(clientFolder, base);
    await until(() => ours.instances('price').length === 1, patienceMs);
    await answers(price, 'vip shelf', '[127.0.0.1:4001]');
    await happened(requests, delta);
    const wholeBefore = requests.count(whole);
    await price.ask('status OUT_OF_SERVICE');
    await until(() => ours.instances('price').length === 0, patienceMs);
    await price.ask('status UP');
    await until(() => ours.instances('price').length === 1, patienceMs);
    assert.equal(requests.count(whole), wholeBefore, 'it came by deltas, whose hash was that of what they make');
    await registered.setStatus('OUT_OF_SERVICE');
    await answers(price, 'vip shelf', '[]');
    await registered.setStatus('UP');
    await answers(price, 'vip shelf', '[127.0.0.1:4001]');
    await happened(requests, /^PUT \/eureka\/apps\/SHELF\/shelf%3A4001\?status=UP\S* 200$/, 10); // longer than its lease

    const arrival = /^POST \/eureka\/apps\/SHELF 204$/;
    assert.equal(requests.count(arrival), 1, 'it was known all the time');
    await first.end();
    await until(() => ours.health().status === 'UNKNOWN', patienceMs);
    assert.equal(ours.instances('price').length, 1, 'the last known list serves on');
    await using second = await startServer(first.ready);
    await happened(requests, arrival, 2);
    await answers(price, 'vip shelf', '[127.0.0.1:4001]');
    await until(() => ours.instances('price').length === 1 && ours.health().status === 'UP', patienceMs);

    await price.end();
    await until(() => ours.instances('price').length === 0, patienceMs);
    await registered.close();
    await until(async () => !(await listed('application/json', 'SHELF')), patienceMs);
    assert.equal(requests.count(/^DELETE \/eureka\/apps\/SHELF\/shelf%3A4001 200$/), 1);
    await second.end();
  });
}

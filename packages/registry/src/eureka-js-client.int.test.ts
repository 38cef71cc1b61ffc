import assert from 'node:assert/strict';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { systemClock, systemRandom } from '@dure/core';
import { silentTelemetry } from '@dure/telemetry';
import type { EurekaClient } from 'eureka-js-client';
import { Eureka } from 'eureka-js-client';
import type { RegistryClient } from './client/registry-client.ts';
import { registryClient } from './client/registry-client.ts';
import type { RunningRegistry } from './testing/start-registry.ts';
import { startRegistry } from './testing/start-registry.ts';
import { until } from './testing/until.ts';

// eureka-js-client 4.5.0 from npm, as it is. It keeps its list in two indexes, by application and by VIP.

type ProgramOptions = Omit<EurekaClient.EurekaConfig, 'instance' | 'eureka'> & {
  readonly user?: string;
  readonly eureka?: EurekaClient.EurekaClientConfig;
};

const silent = { debug() {}, info() {}, warn() {}, error() {} };
let ports = 4_010;

/** The foreign program. It proves itself by HTTP Basic, with user and password in the URL. */
function program(registry: RunningRegistry, { user = 'price', eureka, ...more }: ProgramOptions = {}) {
  ports += 1;
  const port = ports;
  const credentials = user === '' ? '' : `${user}:secret@`;
  const client = new Eureka({
    instance: {
      app: 'price',
      instanceId: `price:${port}`,
      hostName: '127.0.0.1',
      ipAddr: '127.0.0.1',
      vipAddress: 'price',
      port: { $: port, '@enabled': true },
      dataCenterInfo: { name: 'MyOwn', '@class': 'com.netflix.appinfo.InstanceInfo$DefaultDataCenterInfo' },
      leaseInfo: { renewalIntervalInSecs: 1, durationInSecs: 2 },
    },
    eureka: {
      serviceUrls: { default: [`http://${credentials}127.0.0.1:${registry.port}/eureka/apps/`] },
      heartbeatInterval: 50,
      registryFetchInterval: 50,
      requestRetryDelay: 20,
      ...eureka,
    },
    logger: silent,
    ...more,
  });
  const stop = promisify(client.stop.bind(client));
  return {
    id: `price:${port}`,
    start: promisify(client.start.bind(client)),
    stop,
    byApp: (app: string) => client.getInstancesByAppId(app).map(addressOf),
    byVip: (vip: string) => client.getInstancesByVipAddress(vip).map(addressOf),
    [Symbol.asyncDispose]: () => stop().catch(() => {}), // the registry may have gone before it
  };
}

function addressOf({ hostName, port }: EurekaClient.EurekaInstanceConfig): string {
  assert.ok(typeof port === 'object' && '$' in port, 'the port is an object, as Eureka writes it');
  return `${hostName}:${port.$}`;
}

/** A client of ours that signs as this service, and what it sees. */
function ours(registry: RunningRegistry, subject: string): RegistryClient {
  return registryClient({
    url: registry.url,
    signer: registry.signer(subject),
    clock: systemClock,
    random: systemRandom,
    telemetry: silentTelemetry(),
  });
}

const idsOf = (client: RegistryClient, service: string) => client.instances(service).map(({ id }) => id);

const shelf = {
  service: 'shelf',
  instanceId: 'shelf:1',
  host: '127.0.0.1',
  port: 4_001,
  managementPort: 4_002,
  metadata: {},
};

for (const shouldUseDelta of [false, true]) {
  const mode = shouldUseDelta ? 'everything once and then deltas' : 'everything each time';
  test(`eureka-js-client, which fetches ${mode}, finds ours, is found by ours, and each sees the other leave`, async () => {
    await using registry = await startRegistry();
    await using client = ours(registry, 'shelf');
    const early = await client.register(shelf);
    await using price = program(registry, { shouldUseDelta });
    await price.start();
    assert.deepEqual(price.byApp('SHELF'), ['127.0.0.1:4001'], 'the first fetch was whole');
    assert.deepEqual(price.byVip('shelf'), ['127.0.0.1:4001']);
    await until(() => idsOf(client, 'price').includes(price.id));
    await early.close();
    await until(() => price.byApp('SHELF').length + price.byVip('shelf').length === 0);
    await client.register({ ...shelf, instanceId: 'shelf:2', port: 4_003 });
    await until(() => price.byApp('SHELF').includes('127.0.0.1:4003') && price.byVip('shelf').length === 1);
    await price.stop();
    await until(() => client.instances('price').length === 0);
  });
}

test('an instance of ours that is out of service is not among those that eureka-js-client calls', async () => {
  await using registry = await startRegistry();
  await using client = ours(registry, 'shelf');
  const registered = await client.register(shelf);
  await using price = program(registry);
  await price.start();
  await registered.setStatus('OUT_OF_SERVICE');
  await until(() => price.byVip('shelf').length === 0);
  await registered.setStatus('UP');
  await until(() => price.byVip('shelf').length === 1);
});

test('the heartbeats of eureka-js-client keep its lease, and without them it ends', async () => {
  await using registry = await startRegistry({ evictionIntervalMs: 20, selfPreservation: false });
  await using client = ours(registry, 'shelf');
  await using renewing = program(registry);
  await using silentOne = program(registry, { eureka: { heartbeatInterval: 60_000 } });
  await Promise.all([renewing.start(), silentOne.start()]);
  await until(() => client.instances('price').length === 2);
  const left: string[][] = [];
  client.onChange('price', () => left.push(idsOf(client, 'price')));
  await until(() => client.instances('price').length < 2);
  assert.deepEqual(left, [[renewing.id]], 'that one left and nobody else');
});

test('eureka-js-client registers again when a registry comes back that knows nobody', async () => {
  await using first = await startRegistry();
  await using price = program(first);
  await price.start();
  await first.close();
  await using registry = await startRegistry({}, first.port);
  await using client = ours(registry, 'shelf');
  await until(() => idsOf(client, 'price').includes(price.id));
  await client.register(shelf);
  await until(() => price.byApp('SHELF').length === 1);
});

test('eureka-js-client is refused without credentials, and with those of another application', async () => {
  await using registry = await startRegistry();
  const refused = (user: string, status: number) => (error: Error) => {
    assert.match(error.message, new RegExp(`registration FAILED: status: ${status}`), `as "${user}"`);
    return true;
  };
  for (const [user, status] of [['', 401] as const, ['order', 403] as const])
    await assert.rejects(program(registry, { user }).start(), refused(user, status));
  await using byMiddleware = program(registry, {
    user: '',
    requestMiddleware: (options, done) => done({ ...options, auth: { user: 'price', password: 'secret' } }),
  });
  await byMiddleware.start();
  assert.equal(byMiddleware.byApp('PRICE').length, 1);
});

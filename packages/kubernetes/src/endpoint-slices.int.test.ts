import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { instanceListContract } from '@dure/balancer/testing';
import type { Clock } from '@dure/core';
import { codeOf, seededRandom, systemClock } from '@dure/core';
import type { KubernetesEvent, KubernetesInstances, WatchedService } from './endpoint-slices.ts';
import { openKubernetesInstances } from './endpoint-slices.ts';
import { inCluster, kubernetesApi } from './transport.ts';

interface FakeSlice {
  readonly name: string;
  readonly service: string;
  readonly addresses: readonly (
    | string
    | { readonly address: string; readonly ready?: boolean; readonly zone?: string; readonly pod?: string }
  )[];
  readonly ports: readonly { readonly name: string; readonly port: number }[];
}

/** As much of a Kubernetes API server as a watch needs: list, watch from a version, bookmarks, 410. */
async function openApiServer() {
  let version = 100;
  let oldest = 0;
  let isBroken = false;
  const slices = new Map<string, { readonly slice: FakeSlice; readonly version: number }>();
  const history: { readonly version: number; readonly service: string; readonly line: string }[] = [];
  const watchers = new Map<ServerResponse, string>();
  const requests: { readonly url: URL; readonly authorization: string | undefined }[] = [];
  const encode = ({ name, addresses, ports }: FakeSlice, at: number) => ({
    metadata: { name, resourceVersion: String(at) },
    addressType: 'IPv4',
    ports,
    endpoints: addresses.map((entry) => {
      const { address, ready, zone, pod } = typeof entry === 'string' ? { address: entry } : entry;
      return {
        addresses: [address],
        conditions: ready === undefined ? {} : { ready, terminating: !ready },
        zone,
        targetRef: pod === undefined ? undefined : { kind: 'Pod', name: pod },
      };
    }),
  });
  const handle = (request: IncomingMessage, response: ServerResponse): void => {
    const url = new URL(request.url ?? '', 'http://api');
    requests.push({ url, authorization: request.headers.authorization });
    const service = /=(.*)$/.exec(url.searchParams.get('labelSelector') ?? '')?.[1] ?? '';
    if (isBroken) {
      response.writeHead(503).end();
      return;
    }
    if (url.searchParams.get('watch') === null) {
      const items = [...slices.values()]
        .filter(({ slice }) => slice.service === service)
        .map(({ slice, version: at }) => encode(slice, at));
      response.end(
        JSON.stringify({ kind: 'EndpointSliceList', metadata: { resourceVersion: String(version) }, items }),
      );
      return;
    }
    const from = Number(url.searchParams.get('resourceVersion'));
    response.writeHead(200, { 'content-type': 'application/json' });
    response.flushHeaders();
    if (from < oldest) {
      response.end(
        `${JSON.stringify({ type: 'ERROR', object: { code: 410, message: 'too old resource version' } })}\n`,
      );
      return;
    }
    watchers.set(response, service);
    response.on('close', () => watchers.delete(response));
    for (const event of history) if (event.version > from && event.service === service) response.write(event.line);
  };
  const server = createServer(handle);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const publish = (type: string, slice: FakeSlice): void => {
    version += 1;
    if (type === 'DELETED') slices.delete(slice.name);
    else slices.set(slice.name, { slice, version });
    const line = `${JSON.stringify({ type, object: encode(slice, version) })}\n`;
    history.push({ version, service: slice.service, line });
    for (const [response, service] of watchers)
      if (service === slice.service) {
        response.write(line.slice(0, 10)); // lines come in pieces
        response.write(line.slice(10));
      }
  };
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    watching: () => watchers.size,
    put: (slice: FakeSlice) => publish(slices.has(slice.name) ? 'MODIFIED' : 'ADDED', slice),
    remove: (slice: FakeSlice) => publish('DELETED', slice),
    say: (object: unknown) => {
      for (const response of watchers.keys())
        response.write(`${typeof object === 'string' ? object : JSON.stringify(object)}\n`);
    },
    version: () => version,
    forgetHistory: () => {
      oldest = version + 1;
      version += 1;
    },
    endWatches: () => {
      for (const response of watchers.keys()) response.end();
    },
    break: (broken: boolean) => {
      isBroken = broken;
    },
    close: () => {
      server.closeAllConnections();
      return new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

/** The machine's clock, a hundred times as fast. */
const quickClock: Clock = {
  ...systemClock,
  after: (delayMs, fire, options) => systemClock.after(delayMs / 100, fire, options),
};

async function until(isTrue: () => boolean, what: string): Promise<void> {
  for (let turn = 0; turn < 400; turn += 1) {
    if (isTrue()) return;
    await sleep(5);
  }
  assert.fail(`not within 2 s: ${what}`);
}

const http = [
  { name: 'http', port: 7001 },
  { name: 'management', port: 7002 },
];
const stock = (addresses: FakeSlice['addresses'], name = 'stock-1'): FakeSlice => ({
  name,
  service: 'stock',
  addresses,
  ports: http,
});

async function withInstances(
  first: readonly FakeSlice[],
  run: (open: {
    api: Awaited<ReturnType<typeof openApiServer>>;
    list: KubernetesInstances;
    events: KubernetesEvent[];
    ids: () => string[];
  }) => Promise<void>,
  watched: WatchedService = { namespace: 'shop' },
): Promise<void> {
  const api = await openApiServer();
  for (const slice of first) api.put(slice);
  const events: KubernetesEvent[] = [];
  const list = await openKubernetesInstances({
    services: { stock: watched },
    api: kubernetesApi({ url: api.url, token: async () => 'secret' }),
    clock: quickClock,
    random: seededRandom(1),
    observe: (event) => void events.push(event),
  });
  try {
    await until(() => api.watching() === 1, 'a watch is open');
    await run({ api, list, events, ids: () => list.instances('stock').map(({ host }) => host) });
  } finally {
    await list.close();
    await api.close();
  }
}

instanceListContract(
  'openKubernetesInstances',
  async () => {
    const api = await openApiServer();
    const list = await openKubernetesInstances({
      services: { stock: { namespace: 'shop' }, order: { namespace: 'shop' } },
      api: kubernetesApi({ url: api.url }),
      clock: systemClock,
      random: seededRandom(1),
    });
    await until(() => api.watching() === 2, 'watches are open');
    return {
      list,
      put: async (service, instances) => {
        const wanted = instances.map(({ port }) => `${service}:127.0.0.1:${port}`).sort();
        for (const port of [7001, 7003, 7004]) {
          const addresses = instances.some((instance) => instance.port === port) ? ['127.0.0.1'] : [];
          api.put({ name: `${service}-${port}`, service, addresses, ports: [{ name: 'http', port }] });
        }
        const listed = () =>
          list
            .instances(service)
            .map(({ id }) => id)
            .join();
        await until(() => listed() === wanted.join(), `${wanted.join()} is listed`);
      },
      close: async () => {
        await list.close();
        await api.close();
      },
    };
  },
  (instance) => ({
    ...instance,
    id: `${instance.service}:${instance.host}:${instance.port}`,
    managementPort: undefined,
  }),
);

test('ready endpoints of all slices are instances, with zone, pod and management port; unknown readiness counts as ready', async () => {
  const slices = [
    stock([
      { address: '10.0.0.1', ready: true, zone: 'a', pod: 'stock-x' },
      { address: '10.0.0.2', ready: false },
    ]),
    stock(['10.0.0.1', '10.0.0.3'], 'stock-2'),
  ];
  await withInstances(slices.slice(0, 1), async ({ list, api }) => {
    assert.deepEqual(list.instances('stock'), [
      {
        id: 'stock:10.0.0.1:7001',
        service: 'stock',
        host: '10.0.0.1',
        port: 7001,
        managementPort: 7002,
        zone: 'a',
        metadata: { pod: 'stock-x' },
      },
    ]);
    assert.equal(api.requests[0]?.authorization, 'Bearer secret');
    assert.equal(api.requests[0]?.url.pathname, '/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices');
  });
  await withInstances(slices, async ({ ids }) => assert.deepEqual(ids(), ['10.0.0.1', '10.0.0.3']));
  await withInstances(slices, async ({ list }) => assert.equal(list.instances('stock')[0]?.port, 7002), {
    namespace: 'shop',
    name: 'stock',
    port: 'management',
  });
});

test('additions, changes and deletions show at once; an instance that terminates is gone', async () => {
  await withInstances([stock(['10.0.0.1'])], async ({ api, ids, list }) => {
    api.put(stock(['10.0.0.1', '10.0.0.2']));
    await until(() => ids().length === 2, 'the second is there');
    const [first] = list.instances('stock');
    api.put(stock(['10.0.0.1', { address: '10.0.0.2', ready: false }]));
    await until(() => ids().length === 1, 'the second is gone');
    assert.equal(list.instances('stock')[0], first);
    api.remove(stock([]));
    await until(() => ids().length === 0, 'all are gone');
  });
});

test('a watch that ends is resumed from the last version seen, bookmarks included, without a new list', async () => {
  await withInstances([stock(['10.0.0.1'])], async ({ api, ids }) => {
    api.say({ type: 'BOOKMARK', object: { metadata: { resourceVersion: '100' } } });
    api.endWatches();
    await until(() => api.requests.length === 3, 'it watches again');
    assert.equal(api.requests[2]?.url.searchParams.get('resourceVersion'), '100');
    await until(() => api.watching() === 1, 'the watch is open');
    api.put(stock(['10.0.0.9']));
    await until(() => ids().join() === '10.0.0.9', 'the change came');
    assert.equal(api.requests.filter(({ url }) => url.searchParams.get('watch') === null).length, 1);
  });
});

test('after 410 Gone it lists anew', async () => {
  await withInstances([stock(['10.0.0.1'])], async ({ api, ids, events }) => {
    api.forgetHistory();
    api.endWatches();
    await until(
      () => api.requests.filter(({ url }) => url.searchParams.get('watch') === null).length === 2,
      'it lists anew',
    );
    await until(() => api.watching() === 1, 'and watches');
    assert.deepEqual(ids(), ['10.0.0.1']);
    assert.deepEqual(events, []);
  });
});

test('while the API server is away, or talks nonsense, the last known instances stay; questions become rarer', async () => {
  await withInstances([stock(['10.0.0.1'])], async ({ api, ids, events }) => {
    api.say('<html>');
    await until(() => events.length === 1, 'nonsense is reported');
    assert.equal(codeOf(events[0]?.error), 'KUBERNETES_ANSWER_INVALID');
    api.break(true);
    api.endWatches();
    await until(() => events.length >= 6, 'failures are reported');
    assert.equal(codeOf(events.at(-1)?.error), 'KUBERNETES_REFUSED');
    assert.ok((events.at(-1)?.againInMs ?? 0) > 2 * (events[1]?.againInMs ?? 0));
    assert.deepEqual(ids(), ['10.0.0.1']);
    api.break(false);
    api.put(stock(['10.0.0.7']));
    await until(() => ids().join() === '10.0.0.7', 'it is back');
  });
});

test('closing ends the watch and asks no more', async () => {
  await withInstances([stock(['10.0.0.1'])], async ({ api, list, ids }) => {
    await list.close();
    await until(() => api.watching() === 0, 'the watch is closed');
    const { length } = api.requests;
    await sleep(20);
    assert.equal(api.requests.length, length);
    assert.deepEqual(ids(), ['10.0.0.1']);
  });
});

test('in a cluster, access comes from the mounted service account, the token anew for each request', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'dure-kubernetes-'));
  await writeFile(join(folder, 'ca.crt'), 'PEM');
  await writeFile(join(folder, 'token'), 'one\n');
  const access = await inCluster('https://api', folder);
  assert.equal(await access.token?.(), 'one');
  await writeFile(join(folder, 'token'), 'two\n');
  assert.equal(await access.token?.(), 'two');
  assert.equal(access.ca, 'PEM');
  await rm(folder, { recursive: true });
  await assert.rejects(inCluster('https://api', folder));
});

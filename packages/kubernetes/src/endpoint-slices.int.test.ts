import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { instanceListContract } from '@dure/balancer/testing';
import type { Clock } from '@dure/core';
import { codeOf, isDureError, messageOf, seededRandom, systemClock } from '@dure/core';
import { fakeClock } from '@dure/core/testing';
import type { KubernetesEvent, KubernetesInstances, WatchedService } from './endpoint-slices.ts';
import { openKubernetesInstances } from './endpoint-slices.ts';
import type { FakeEndpoint, FakeSlice } from './testing/fake-api-server.ts';
import { FakeApiServer } from './testing/fake-api-server.ts';
import { until } from './testing/until.ts';
import { kubernetesApi } from './transport.ts';

/** The machine's clock, a hundred times as fast. */
const quickClock: Clock = {
  ...systemClock,
  after: (delayMs, fire, options) => systemClock.after(delayMs / 100, fire, options),
};

const http = [
  { name: 'http', port: 7001 },
  { name: 'management', port: 7002 },
];
const stock = (hosts: readonly (string | FakeEndpoint)[], name = 'stock-1'): FakeSlice => ({
  name,
  service: 'stock',
  endpoints: hosts.map((host) => (typeof host === 'string' ? { address: host } : host)),
  ports: http,
});

interface World {
  readonly api: FakeApiServer;
  readonly list: KubernetesInstances;
  readonly events: KubernetesEvent[];
  readonly hosts: () => string;
  readonly failures: () => readonly Extract<KubernetesEvent, { kind: 'watch-failed' }>[];
}

interface Setting {
  readonly watched?: WatchedService;
  readonly clock?: Clock;
  readonly answerWithinMs?: number;
  readonly prepare?: (api: FakeApiServer) => void;
  readonly isFollowed?: boolean;
}

async function withInstances(
  first: readonly FakeSlice[],
  run: (world: World) => Promise<void>,
  setting: Setting = {},
): Promise<void> {
  const { watched = { namespace: 'shop' }, clock = quickClock, prepare, isFollowed = true, answerWithinMs } = setting;
  const api = await new FakeApiServer().listen();
  for (const slice of first) api.put(slice);
  prepare?.(api);
  const events: KubernetesEvent[] = [];
  const list = await openKubernetesInstances({
    services: { stock: watched },
    api: kubernetesApi({ url: api.url, token: async () => 'secret' }),
    clock,
    random: seededRandom(1),
    observe: (event) => void events.push(event),
    ...(answerWithinMs === undefined ? {} : { answerWithinMs }),
  });
  try {
    if (isFollowed) await until(() => api.watching === 1, 'a watch is open');
    const hosts = () =>
      list
        .instances('stock')
        .map(({ host }) => host)
        .join(' ');
    const failures = () => events.filter((event) => event.kind === 'watch-failed');
    await run({ api, list, events, hosts, failures });
  } finally {
    await list.close();
    await api.close();
  }
}

instanceListContract(
  'openKubernetesInstances',
  async () => {
    const api = await new FakeApiServer().listen();
    const list = await openKubernetesInstances({
      services: { stock: { namespace: 'shop' }, order: { namespace: 'shop' } },
      api: kubernetesApi({ url: api.url }),
      clock: systemClock,
      random: seededRandom(1),
    });
    await until(() => api.watching === 2, 'watches are open');
    const present = new Map<string, FakeSlice>();
    return {
      list,
      put: async (service, instances) => {
        const wanted = instances.map(({ host, port }) => `${service}:${host}:${port}`).sort();
        for (const { host, port, managementPort = 0 } of instances) {
          const name = `${service}-${port}`;
          const ports = [
            { name: 'management', port: managementPort },
            { name: 'http', port },
          ];
          const slice = { name, service, endpoints: [{ address: host }], ports };
          if (!present.has(name)) api.put(slice);
          present.set(name, slice);
        }
        for (const [name, slice] of present) {
          if (slice.service !== service || instances.some(({ port }) => name === `${service}-${port}`)) continue;
          api.remove(slice);
          present.delete(name);
        }
        const listed = () => list.instances(service).map(({ id }) => id);
        await until(() => listed().join() === wanted.join(), `${wanted.join()} is listed`);
      },
      close: async () => {
        await list.close();
        await api.close();
      },
    };
  },
  (instance) => ({ ...instance, id: `${instance.service}:${instance.host}:${instance.port}` }),
);

test('ready endpoints of all slices are instances, with zone, pod and management port; each request has the token', async () => {
  const first = stock([{ address: '10.0.0.1', conditions: { ready: true }, zone: 'a', pod: 'stock-x' }]);
  await withInstances([first, stock(['10.0.0.3'], 'stock-2')], async ({ list, api, hosts }) => {
    assert.deepEqual(list.instances('stock')[0], {
      id: 'stock:10.0.0.1:7001',
      service: 'stock',
      host: '10.0.0.1',
      port: 7001,
      managementPort: 7002,
      zone: 'a',
      metadata: { pod: 'stock-x' },
    });
    assert.equal(hosts(), '10.0.0.1 10.0.0.3');
    assert.deepEqual(list.health(), { status: 'UP', details: { services: 1, following: 1 } });
    assert.deepEqual([...new Set(api.requests.map(({ authorization }) => authorization))], ['Bearer secret']);
    assert.equal(api.requests[0]?.url.pathname, '/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices');
  });
});

test('additions, changes and deletions show at once, and instances that did not change stay the same objects', async () => {
  await withInstances([stock(['10.0.0.1'])], async ({ api, hosts, list }) => {
    const [first] = list.instances('stock');
    api.put(stock(['10.0.0.1', '10.0.0.2']));
    await until(() => hosts() === '10.0.0.1 10.0.0.2', 'the second is there');
    api.put(stock(['10.0.0.1', { address: '10.0.0.2', conditions: { ready: false, terminating: true } }]));
    await until(() => hosts() === '10.0.0.1', 'the second is gone');
    assert.equal(list.instances('stock')[0], first);
    api.remove(stock([]));
    await until(() => hosts() === '', 'all are gone');
  });
});

test('a list comes in pages', async () => {
  const slices = [1, 2, 3, 4, 5].map((number) => stock([`10.0.0.${number}`], `stock-${number}`));
  const prepare = (api: FakeApiServer) => {
    api.pageSize = 2;
  };
  const run = async ({ api, hosts }: World) => {
    assert.equal(hosts().split(' ').length, 5);
    assert.equal(api.lists.length, 3);
    assert.equal(api.requests[3]?.isWatch, true);
  };
  await withInstances(slices, run, { prepare });
});

test('a watch that ends is resumed from the last version seen, bookmarks included, without a new list', async () => {
  await withInstances([stock(['10.0.0.1'])], async ({ api, hosts, events }) => {
    api.version = 900;
    api.say({ type: 'BOOKMARK', object: { metadata: { resourceVersion: '900' } } });
    api.endWatches();
    await until(() => api.requests.length === 3 && api.watching === 1, 'it watches again');
    assert.equal(api.requests[2]?.url.searchParams.get('resourceVersion'), '900');
    api.put(stock(['10.0.0.9']));
    await until(() => hosts() === '10.0.0.9', 'the change came');
    assert.equal(api.lists.length, 1);
    assert.deepEqual(events, []);
  });
});

test('a watch that is cut in the middle of a line is resumed, and nothing is lost and nothing listed anew', async () => {
  await withInstances([stock(['10.0.0.1'])], async ({ api, hosts, failures }) => {
    api.cutWatches(stock(['10.0.0.1', '10.0.0.2']));
    await until(() => hosts() === '10.0.0.1 10.0.0.2', 'the change came after all');
    assert.equal(api.lists.length, 1);
    assert.deepEqual(
      failures().map(({ error }) => codeOf(error)),
      ['KUBERNETES_UNREACHABLE'],
    );
  });
});

for (const goneBy of ['event', 'status'] as const) {
  test(`after 410 Gone, told by the ${goneBy}, it lists anew, and what vanished meanwhile is gone`, async () => {
    const both = [stock(['10.0.0.1']), stock(['10.0.0.2'], 'stock-2')];
    await withInstances(both, async ({ api, hosts, events }) => {
      api.goneBy = goneBy;
      api.fault = { kind: 'silent' };
      api.endWatches();
      await until(() => api.watching === 0, 'the watch has ended');
      api.remove(stock([], 'stock-2'));
      api.compact();
      api.fault = undefined;
      await until(() => api.lists.length === 2 && api.watching === 1, 'it lists anew and watches');
      assert.equal(hosts(), '10.0.0.1');
      assert.deepEqual(
        events.filter((event) => event.kind === 'watch-failed' && codeOf(event.error) !== 'KUBERNETES_UNREACHABLE'),
        [],
      );
    });
  });
}

test('while the API server is away, or talks nonsense, the last known instances stay; questions become rarer', async () => {
  await withInstances([stock(['10.0.0.1'])], async ({ api, hosts, failures, list }) => {
    api.fault = { kind: 'status', status: 503 };
    api.say('<html>\n');
    await until(() => failures().length >= 6, 'failures are reported');
    assert.equal(codeOf(failures()[0]?.error), 'KUBERNETES_ANSWER_INVALID');
    assert.equal(codeOf(failures().at(-1)?.error), 'KUBERNETES_REFUSED');
    assert.ok((failures().at(-1)?.againInMs ?? 0) > 4 * (failures()[1]?.againInMs ?? 0));
    assert.equal(list.health().status, 'UNKNOWN');
    assert.equal(hosts(), '10.0.0.1');
    api.fault = undefined;
    api.put(stock(['10.0.0.7']));
    await until(() => hosts() === '10.0.0.7', 'it is back');
    assert.equal(api.lists.length, 1);
  });
});

test('an ERROR event that is not 410 is reported with its message, and the watch resumed', async () => {
  await withInstances([stock(['10.0.0.1'])], async ({ api, failures }) => {
    api.say({ type: 'ERROR', object: { code: 500, message: 'etcd is unhappy' } });
    await until(() => failures().length === 1 && api.watching === 1, 'it watches again');
    assert.match(messageOf(failures()[0]?.error), /etcd is unhappy/);
    assert.equal(api.lists.length, 1);
  });
});

test('a refusal says why, and the time in Retry-After is kept', async () => {
  const prepare = (api: FakeApiServer) => {
    api.fault = { kind: 'status', status: 429, headers: { 'retry-after': '7' } };
  };
  const run = async ({ failures, hosts }: World) => {
    assert.equal(hosts(), '');
    const [failure] = failures();
    assert.ok(isDureError(failure?.error));
    assert.match(failure.error.message, /answered 429 by .*: endpointslices is forbidden: "nobody" may not$/);
    assert.equal(failure.againInMs, 7_000);
  };
  await withInstances([], run, { prepare, isFollowed: false, clock: fakeClock() });
});

test('a server that is silent keeps nobody waiting: opening ends, and it is asked again', async () => {
  const prepare = (api: FakeApiServer) => {
    api.fault = { kind: 'silent' };
  };
  const run = async ({ api, failures, hosts }: World) => {
    assert.equal(codeOf(failures()[0]?.error), 'KUBERNETES_UNREACHABLE');
    assert.match(messageOf(failures()[0]?.error), /silent for 3000 ms/);
    api.fault = undefined;
    await until(() => hosts() === '10.0.0.1', 'the list is there');
  };
  await withInstances([stock(['10.0.0.1'])], run, { prepare, isFollowed: false, answerWithinMs: 3_000 });
});

test('a server that ends every watch at once is asked ever more rarely', async () => {
  const fake = fakeClock();
  const delays: number[] = [];
  const clock: Clock = {
    ...fake,
    after(delayMs, fire, options) {
      delays.push(delayMs);
      return fake.after(delayMs, fire, options);
    },
  };
  const pauses = () => delays.filter((delayMs) => delayMs < 9_000);
  const prepare = (api: FakeApiServer) => {
    api.fault = { kind: 'short' };
  };
  const run = async ({ api, failures }: World) => {
    for (const [round, longest] of [1_000, 2_000, 4_000, 8_000].entries()) {
      await until(() => pauses().length === round + 1, 'it pauses');
      const pauseMs = pauses()[round] ?? 0;
      assert.ok(pauseMs >= longest / 2 && pauseMs <= longest, `${pauseMs} ms of ${longest}`);
      assert.equal(api.requests.length, round + 2);
      await fake.advance(pauseMs);
    }
    assert.deepEqual(failures(), []);
  };
  await withInstances([stock(['10.0.0.1'])], run, { prepare, isFollowed: false, clock });
});

test('a watch that the server does not end after its time is dead, and begun anew from where it was', async () => {
  const clock = fakeClock();
  const run = async ({ api, failures, hosts }: World) => {
    const seconds = Number(api.requests[1]?.url.searchParams.get('timeoutSeconds'));
    assert.ok(seconds >= 240 && seconds <= 480);
    await clock.advance(seconds * 1_000 + 15_000);
    await until(() => failures().length === 1, 'it is given up');
    await clock.advance(1_000);
    await until(() => api.requests.length === 3 && api.watching === 1, 'it watches again');
    assert.equal(hosts(), '10.0.0.1');
    assert.equal(api.lists.length, 1);
  };
  await withInstances([stock(['10.0.0.1'])], run, { clock });
});

test('endpoints without the wanted port are reported with the ports they have', async () => {
  const run = async ({ events, hosts, api }: World) => {
    assert.equal(hosts(), '');
    assert.deepEqual(events, [{ kind: 'port-missing', service: 'stock', ports: ['http', 'management'] }]);
    assert.equal(api.requests[0]?.url.searchParams.get('labelSelector'), 'kubernetes.io/service-name=stock-v2');
  };
  const watched = { namespace: 'shop', name: 'stock-v2', port: 'grpc' };
  await withInstances([{ ...stock(['10.0.0.1']), service: 'stock-v2' }], run, { watched });
});

test('closing ends the watch and asks no more', async () => {
  await withInstances([stock(['10.0.0.1'])], async ({ api, list, hosts }) => {
    await list.close();
    await list.close();
    await until(() => api.watching === 0, 'the watch is closed');
    const { length } = api.requests;
    await sleep(20);
    assert.equal(api.requests.length, length);
    assert.equal(hosts(), '10.0.0.1');
  });
});

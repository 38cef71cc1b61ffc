import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ConfigHints, ConfigWatch } from '@dure/config/client';
import { watchConfig } from '@dure/config/client';
import type { Clock } from '@dure/core';
import { codeOf, seededRandom, systemClock, systemRandom } from '@dure/core';
import { z } from 'zod';
import type { ConfigObjectUnwatched } from './kubernetes-config-hints.ts';
import { kubernetesConfigHints } from './kubernetes-config-hints.ts';
import { kubernetesConfigSource } from './kubernetes-config-source.ts';
import { FakeApiServer } from './testing/fake-api-server.ts';
import { until } from './testing/until.ts';
import { kubernetesApi } from './transport.ts';

/** The machine's clock, a hundred times as fast, by which watches pause. */
const quickClock: Clock = {
  ...systemClock,
  after: (delayMs, fire, options) => systemClock.after(delayMs / 100, fire, options),
};
const sections = { own: { schema: z.object({ maxLines: z.number(), apiKey: z.string().default('none') }) } };
const never = 3_600_000;

interface World {
  readonly api: FakeApiServer;
  readonly watch: ConfigWatch<typeof sections>;
  readonly hints: ConfigHints;
  readonly lines: () => number;
  readonly put: (maxLines: number) => void;
  readonly failures: readonly ConfigObjectUnwatched[];
}

async function withOrder(
  run: (world: World) => Promise<void>,
  { everyMs = never, prepare }: { everyMs?: number; prepare?: (api: FakeApiServer) => void } = {},
): Promise<void> {
  const api = await new FakeApiServer().listen();
  const put = (maxLines: number) => api.putConfig('configmaps', 'order', { 'order.yml': `max-lines: ${maxLines}\n` });
  put(1);
  prepare?.(api);
  const failures: ConfigObjectUnwatched[] = [];
  const objects = {
    api: kubernetesApi({ url: api.url }),
    namespace: 'shop',
    configMaps: ['order'],
    secrets: ['order'],
    answerWithinMs: 60_000,
  };
  const hints = kubernetesConfigHints({
    ...objects,
    clock: quickClock,
    random: seededRandom(1),
    observe: (event) => void failures.push(event),
  });
  const source = kubernetesConfigSource({ ...objects, clock: systemClock });
  const tools = { clock: systemClock, random: systemRandom, everyMs };
  const watch = await watchConfig({ ...tools, sections, service: 'order', profiles: [], sources: [source], hints });
  try {
    const lines = () => watch.current.values.own.maxLines;
    await run({ api, watch, hints, lines, put, failures });
  } finally {
    await watch.close();
    await until(() => api.watching === 0, 'no watch is left').finally(() => api.close());
  }
}

test('an edit of a ConfigMap, a Secret that comes and goes: each is read at once, and nobody polls', async () => {
  await withOrder(async ({ api, watch, lines, put }) => {
    await until(() => api.watching === 2, 'both are watched');
    put(2);
    await until(() => lines() === 2, 'the edit is applied');
    api.putConfig('secrets', 'order', { 'api-key': Buffer.from('canary-7').toString('base64') });
    await until(() => watch.current.values.own.apiKey === 'canary-7', 'the Secret is read');
    api.removeConfig('secrets', 'order');
    await until(() => watch.current.values.own.apiKey === 'none', 'the Secret is gone');
    const watches = api.requests.filter(({ isWatch }) => isWatch).map(({ url }) => url);
    assert.deepEqual(
      watches.map(({ pathname, searchParams }) => [pathname, searchParams.get('fieldSelector')]),
      [
        ['/api/v1/namespaces/shop/configmaps', 'metadata.name=order'],
        ['/api/v1/namespaces/shop/secrets', 'metadata.name=order'],
      ],
    );
    assert.ok(watches.every(({ searchParams }) => searchParams.get('allowWatchBookmarks') === 'true'));
  });
});

test('a watch that ends is resumed from the last bookmark, and an edit of meanwhile is read', async () => {
  await withOrder(async ({ api, lines, put, failures }) => {
    await until(() => api.watching === 2, 'both are watched');
    api.version = 900;
    api.say({ type: 'BOOKMARK', object: { metadata: { resourceVersion: '900' } } });
    const watches = () => api.requests.filter(({ isWatch }) => isWatch);
    api.fault = { kind: 'silent' };
    api.endWatches();
    await until(() => watches().length === 4, 'they ask again');
    assert.deepEqual(
      watches()
        .slice(2)
        .map(({ url }) => url.searchParams.get('resourceVersion')),
      ['900', '900'],
    );
    api.fault = undefined;
    put(3);
    api.dropWaiting();
    await until(() => lines() === 3, 'the edit is applied');
    assert.ok(failures.every(({ error }) => codeOf(error) === 'KUBERNETES_UNREACHABLE'));
  });
});

for (const goneBy of ['event', 'status'] as const) {
  test(`after 410 Gone, told by the ${goneBy}, the object is listed anew and read`, async () => {
    await withOrder(async ({ api, lines, put }) => {
      await until(() => api.watching === 2, 'both are watched');
      api.goneBy = goneBy;
      api.fault = { kind: 'silent' };
      api.endWatches();
      await until(() => api.watching === 0, 'nobody watches');
      put(4);
      api.compact();
      api.fault = undefined;
      api.dropWaiting();
      await until(() => lines() === 4, 'the edit is applied');
      const lists = api.requests.filter(({ url, isWatch }) => !isWatch && url.searchParams.has('fieldSelector'));
      assert.ok(lists.length > 2, 'it was listed once more');
    });
  });
}

test('who may not watch is told why, ever more slowly, and reads the objects every few seconds instead', async () => {
  const prepare = (api: FakeApiServer) => {
    api.fault = { kind: 'status', status: 403, only: 'collections' };
  };
  await withOrder(
    async ({ lines, put, failures }) => {
      await until(() => failures.length >= 4, 'it was refused a few times');
      put(5);
      await until(() => lines() === 5, 'the edit is applied');
      const [first] = failures;
      assert.equal(codeOf(first?.error), 'KUBERNETES_REFUSED');
      assert.match(failures.map(({ object }) => object).join(), /configmap shop\/order.*secret shop\/order/);
      const ofOne = failures.filter(({ object }) => object === first?.object).map(({ againInMs }) => againInMs);
      assert.ok((ofOne.at(-1) ?? 0) > (ofOne[0] ?? 0));
    },
    { everyMs: 50, prepare },
  );
});

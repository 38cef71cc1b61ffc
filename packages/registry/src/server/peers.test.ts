import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeOf, seededRandom } from '@dure/core';
import type { FakeClock } from '@dure/core/testing';
import { fakeClock } from '@dure/core/testing';
import { silentTelemetry } from '@dure/telemetry';
import type { ClusterNode } from '../testing/registry-cluster.ts';
import { registryCluster } from '../testing/registry-cluster.ts';
import { Peer } from './peer.ts';
import { registryService } from './registry-service.ts';

function open() {
  const clock = fakeClock(1_700_000_000_000);
  const cluster = registryCluster(clock, ['a', 'b', 'c']);
  const [a, b, c] = cluster.nodes as readonly [ClusterNode, ClusterNode, ClusterNode];
  return { clock, cluster, a, b, c };
}

/** Every instance renews every 30 seconds at the registry it reports to; leases end as they do in life. */
async function live(
  clock: FakeClock,
  seconds: number,
  homes: ReadonlyMap<string, ClusterNode>,
  nodes: readonly ClusterNode[],
) {
  for (let second = 0; second < seconds; second += 1) {
    let index = 0;
    for (const [id, home] of homes) {
      index += 1;
      if ((second + index) % 30 === 0 && (await home.renew(id)) === 404) await home.register(id);
    }
    if (second % 60 === 59) for (const { parts } of nodes) parts.registry.evict();
    await clock.advance(1_000);
  }
}

test('what one registry is told all know at once: registration, status, metadata, cancellation', async () => {
  const { clock, cluster, a, b, c } = open();
  await a.register('s1');
  await clock.advance(1);
  assert.deepEqual([b.up(), c.up()], [['s1'], ['s1']]);
  await b.send('PUT', '/eureka/apps/STOCK/s1/status?value=OUT_OF_SERVICE');
  await clock.advance(1);
  assert.deepEqual([a.up(), c.up()], [[], []]);
  await b.send('DELETE', '/eureka/apps/STOCK/s1/status?value=UP');
  await c.send('PUT', '/eureka/apps/STOCK/s1/metadata?zone=z1');
  await clock.advance(1);
  assert.equal(a.parts.registry.get('STOCK', 's1')?.info.metadata.zone, 'z1');
  assert.deepEqual([a.up(), b.up()], [['s1'], ['s1']]);
  await c.cancel('s1');
  await clock.advance(1);
  assert.deepEqual([a.up(), b.up()], [[], []]);
  cluster.close();
  assert.equal(clock.pending, 0);
});

test('three registries cut apart for a minute evict nobody, and agree within two seconds of healing', async () => {
  const { clock, cluster, a, b, c } = open();
  const homes = new Map<string, ClusterNode>();
  for (let index = 0; index < 12; index += 1) {
    const home = [a, b, c][index % 3] ?? a;
    await home.register(`s${index}`);
    homes.set(`s${index}`, home);
  }
  await live(clock, 130, homes, cluster.nodes);
  for (const from of ['a', 'b', 'c']) for (const to of ['a', 'b', 'c']) cluster.cut(from, to);
  await live(clock, 30, homes, cluster.nodes);
  await a.register('new at a');
  homes.set('new at a', a);
  await b.cancel('s1');
  homes.delete('s1');
  await live(clock, 30, homes, cluster.nodes);
  for (const node of cluster.nodes) {
    const missing = [...homes.keys()].filter((id) => id !== 'new at a' && !node.up().includes(id));
    assert.deepEqual(missing, [], `${node.name} lost live instances`);
  }
  cluster.heal();
  await clock.advance(6_000);
  const expected = [...homes.keys()].sort();
  for (const node of cluster.nodes) assert.deepEqual(node.up(), expected, node.name);
  await live(clock, 300, homes, cluster.nodes);
  for (const node of cluster.nodes) assert.deepEqual(node.up(), expected, `${node.name}: no ghost, no loss`);
  cluster.close();
});

test('a link that loses only answers loses nothing else', async () => {
  const { clock, cluster, a, b, c } = open();
  cluster.cut('a', 'b', 'answer');
  await a.register('s1');
  await clock.advance(10_000);
  assert.deepEqual([b.up(), c.up()], [['s1'], ['s1']]);
  await a.cancel('s1');
  await clock.advance(10_000);
  cluster.heal();
  await clock.advance(10_000);
  assert.deepEqual([a.up(), b.up(), c.up()], [[], [], []]);
  cluster.close();
});

test('a stale cancellation from behind a partition does not remove who has registered anew elsewhere', async () => {
  const { clock, cluster, a, b } = open();
  await a.register('s1');
  await clock.advance(1_000);
  cluster.cut('a', 'b');
  await a.cancel('s1');
  await clock.advance(1_000);
  await b.register('s1');
  cluster.heal();
  await clock.advance(10_000);
  assert.deepEqual([b.up(), a.up()], [['s1'], ['s1']]);
  cluster.close();
});

test('who was cancelled on one side is not brought back by the other', async () => {
  const { clock, cluster, a, b, c } = open();
  await a.register('s1');
  await clock.advance(1_000);
  for (const [from, to] of [
    ['a', 'b'],
    ['b', 'a'],
    ['a', 'c'],
    ['c', 'a'],
  ] as const)
    cluster.cut(from, to);
  await a.renew('s1');
  await b.cancel('s1');
  await clock.advance(20_000);
  cluster.heal();
  await clock.advance(10_000);
  assert.deepEqual([a.up(), b.up(), c.up()], [[], [], []]);
  cluster.close();
});

test('a registry that lost a process which has moved here is told that it lives', async () => {
  const { clock, cluster, a, b } = open();
  await a.register('s1', { metadata: { 'dure.process': 'p' } });
  await clock.advance(1);
  const streamAtA = a.parts.watch.opened('p');
  const streamAtB = b.parts.watch.opened('p');
  streamAtA();
  await clock.advance(310);
  assert.deepEqual(b.up(), ['s1'], 'b holds its stream');
  assert.deepEqual(a.up(), ['s1'], 'and told a');
  streamAtB();
  await clock.advance(310);
  assert.deepEqual([a.up(), b.up()], [[], []], 'the death of a process is told to all at once');
  cluster.close();
});

test('a peer’s renewal of an unknown instance is answered by its registration, of an older one by the newer', async () => {
  const { clock, cluster, a, b } = open();
  await a.register('s1');
  await clock.advance(1_000);
  b.parts.registry.cancel('STOCK', 's1', 0);
  b.parts.registry.cancel('STOCK', 's1');
  await clock.advance(6 * 60_000);
  await a.renew('s1');
  await clock.advance(1_000);
  assert.deepEqual(b.up(), ['s1']);
  const newer = { ...(b.parts.registry.get('STOCK', 's1')?.info ?? assert.fail()), hostName: 'newer' };
  b.parts.registry.register({ ...newer, lastDirtyTimestamp: clock.now() });
  await a.renew('s1');
  await clock.advance(1_000);
  assert.equal(a.parts.registry.get('STOCK', 's1')?.info.hostName, 'newer');
  cluster.close();
});

test('a registry that starts takes over what a peer knows', async () => {
  const { clock, cluster, a, b } = open();
  cluster.cut('a', 'b');
  await a.register('s1');
  await a.register('s2');
  cluster.heal();
  await b.parts.otherRegistries.synchronise();
  assert.deepEqual(b.up(), ['s1', 's2']);
  assert.equal(b.parts.registry.get('STOCK', 's1')?.lease.isDirect, false);
  await clock.advance(1);
  cluster.close();
});

test('a drain waits for the subscribers of every registry, and a peer that does not answer holds it up', async () => {
  const { clock, cluster, a, b } = open();
  await a.register('s1');
  await clock.advance(1);
  b.parts.acknowledgements.joined('subscriber of b');
  const drain = async () => JSON.parse((await a.send('PUT', '/dure/drains/STOCK/s1?within=300')).text);
  const waiting = drain();
  await clock.advance(10);
  assert.deepEqual(b.up(), []);
  b.parts.acknowledgements.applied('subscriber of b', b.parts.feed.version);
  assert.deepEqual(await waiting, { outcome: 'drained', waitingFor: 0 });
  cluster.cut('a', 'c');
  assert.deepEqual(await drain(), { outcome: 'timed-out', waitingFor: 1 });
  cluster.close();
});

test('a batch is judged item by item, and a broken one as a whole', async () => {
  const { cluster, a } = open();
  const batch = async (body: string) => a.send('POST', '/eureka/peerreplication/batch/', body);
  assert.equal((await batch('{')).status, 400);
  assert.equal((await batch('{}')).status, 400);
  const items = [
    { appName: 'STOCK', id: 'x', action: 'Register', instanceInfo: { broken: true } },
    { appName: 'STOCK', id: 'x', action: 'Heartbeat', lastDirtyTimestamp: 1 },
    { appName: 'STOCK', id: 'x', action: 'Cancel' },
    { appName: 'STOCK', id: 'x', action: 'StatusUpdate', status: 'DOWN' },
    { appName: 'STOCK', id: 'x', action: 'DeleteStatusOverride' },
    { appName: 'STOCK', id: 'x', action: 'Explode' },
    7,
  ];
  const { text } = await batch(JSON.stringify({ replicationList: items }));
  assert.deepEqual(
    JSON.parse(text).responseList.map(({ statusCode }: { readonly statusCode: number }) => statusCode),
    [200, 404, 404, 404, 404, 500, 500],
  );
  cluster.close();
});

test('a peer that refuses is told of once, and asked again ever more slowly; one that is we ourselves is left out', async () => {
  const clock = fakeClock();
  const told: unknown[] = [];
  const { cluster, a } = open();
  await a.register('s1');
  let status = 403;
  let requests = 0;
  const { log } = silentTelemetry();
  const peer = new Peer({
    url: 'http://b',
    transport: {
      async send() {
        requests += 1;
        return { status, text: '{"responseList":[{"statusCode":200}]}' };
      },
    },
    authorize: async () => '',
    registry: a.parts.registry,
    epoch: 'e',
    clock,
    random: seededRandom(1),
    log: { ...log, warn: (_, fields) => void told.push(codeOf(fields?.error)) },
  });
  peer.tell({ action: 'Register', app: 'STOCK', id: 's1' });
  await clock.advance(60_000);
  assert.deepEqual(told, ['REGISTRY_PEER_REFUSED']);
  assert.ok(requests > 10 && requests < 40, `${requests} requests`);
  assert.deepEqual([peer.isReachable, peer.waiting], [false, 1]);
  status = 200;
  await clock.advance(10_000);
  assert.deepEqual([peer.isReachable, peer.waiting], [true, 0]);
  status = 421;
  peer.tell({ action: 'Heartbeat', app: 'STOCK', id: 's1' });
  await clock.advance(1_000);
  const before = requests;
  peer.tell({ action: 'Heartbeat', app: 'STOCK', id: 's1' });
  await clock.advance(10_000);
  assert.deepEqual([requests, clock.pending], [before, 0]);
  cluster.close();
});

test('a peer that is no URL is refused, and its password not repeated', () => {
  for (const peer of ['localhost:8761', 'ftp://spring:s3cr@t@10.0.0.2:8761'])
    assert.throws(
      () => registryService({ peers: [peer] }),
      (error) =>
        codeOf(error) === 'REGISTRY_OPTION_INVALID' && !/s3cr|t@/.test(`${String(error)} ${JSON.stringify(error)}`),
    );
});

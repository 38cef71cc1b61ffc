import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeOf, seededRandom } from '@dure/core';
import { fakeClock } from '@dure/core/testing';
import { silentTelemetry } from '@dure/telemetry';
import { registryCluster } from '../testing/registry-cluster.ts';
import { EurekaPoll } from './eureka-poll.ts';
import { InstanceTable } from './instance-table.ts';
import { readEureka } from './read-eureka.ts';

function open() {
  const clock = fakeClock(1_700_000_000_000);
  const cluster = registryCluster(clock, ['eureka']);
  const node = cluster.nodes[0] ?? assert.fail();
  const table = new InstanceTable(clock, { ownMs: 5_000, renewingMs: 35_000 });
  const asked: string[] = [];
  const stop = new AbortController();
  let answer: ((path: string) => { readonly status: number; readonly text: string }) | undefined;
  const poll = new EurekaPoll({
    async get(path) {
      asked.push(path);
      return answer?.(path) ?? node.send('GET', path);
    },
    clock,
    random: seededRandom(1),
    log: silentTelemetry().log,
    intervalMs: 30_000,
    signal: stop.signal,
    snapshot: (snapshot) => table.applySnapshot(snapshot),
    change: (change) => table.applyChange(change),
  });
  const up = () =>
    table
      .instances('stock')
      .map(({ id }) => id)
      .sort();
  const answering = (make: typeof answer) => {
    answer = make;
  };
  return { clock, cluster, node, table, asked, stop, poll, up, answering };
}

test('everything once, then only what is new: registered, changed, gone', async () => {
  const { clock, node, asked, stop, poll, up, cluster, table } = open();
  await node.register('s1', { metadata: { zone: 'z1', 'management.port': '9' } });
  const running = poll.run(() => {});
  await clock.advance(1_000);
  assert.deepEqual(up(), ['s1']);
  assert.deepEqual(table.instances('stock')[0]?.zone, 'z1');
  assert.deepEqual(table.instances('stock')[0]?.managementPort, 9);
  await node.register('s2');
  await clock.advance(33_000);
  assert.deepEqual(up(), ['s1', 's2']);
  await node.send('PUT', '/eureka/apps/STOCK/s2/status?value=OUT_OF_SERVICE');
  await node.cancel('s1');
  await clock.advance(33_000);
  assert.deepEqual(up(), []);
  assert.deepEqual([...new Set(asked)], ['/eureka/apps/', '/eureka/apps/delta']);
  assert.equal(asked.filter((path) => path === '/eureka/apps/').length, 1, 'fetched whole only once');
  stop.abort();
  await running;
  cluster.close();
});

test('a list that has drifted from the registry’s is fetched whole again', async () => {
  const { clock, node, asked, stop, poll, up, cluster, answering } = open();
  await node.register('s1');
  await node.register('s2');
  const running = poll.run(() => {});
  await clock.advance(1_000);
  await node.cancel('s2');
  answering((path) =>
    path.endsWith('delta')
      ? { status: 200, text: '{"applications":{"versions__delta":"9","apps__hashcode":"UP_1_","application":[]}}' }
      : (undefined as never),
  );
  await clock.advance(33_000);
  assert.deepEqual(up(), ['s1']);
  assert.deepEqual(asked, ['/eureka/apps/', '/eureka/apps/delta', '/eureka/apps/']);
  stop.abort();
  await running;
  cluster.close();
});

test('a server that restarted empty empties no list before everybody had time to register again', async () => {
  const { clock, node, stop, poll, up, cluster, answering } = open();
  for (const id of ['s1', 's2', 's3']) await node.register(id);
  const running = poll.run(() => {});
  await clock.advance(1_000);
  const empty = '{"applications":{"versions__delta":"1","apps__hashcode":"","application":[]}}';
  answering(() => ({ status: 200, text: empty }));
  await clock.advance(33_000);
  assert.deepEqual(up(), ['s1', 's2', 's3']);
  await clock.advance(70_000);
  assert.deepEqual(up(), []);
  stop.abort();
  await running;
  cluster.close();
});

test('a server that answers nonsense is away', async () => {
  const { poll, answering, cluster } = open();
  answering(() => ({ status: 503, text: 'sorry' }));
  await assert.rejects(
    poll.run(() => {}),
    (error) => codeOf(error) === 'REGISTRY_UNREACHABLE',
  );
  cluster.close();
});

test('single elements without their array, missing lists and unreadable instances are coped with', () => {
  const instance = { hostName: 'h', app: 'STOCK', port: { $: '80', '@enabled': 'true' }, status: 'UP' };
  const read = readEureka(JSON.stringify({ applications: { application: { name: 'STOCK', instance } } }));
  assert.equal(read?.instances[0]?.instance.port, 80);
  assert.equal(read?.instances[0]?.instance.id, 'h');
  const older = { ...instance, securePort: 443 };
  const plain = readEureka(JSON.stringify({ applications: { application: { name: 'STOCK', instance: older } } }));
  assert.deepEqual([plain?.instances[0]?.instance.port, plain?.instances[0]?.instance.secure], [80, undefined]);
  assert.deepEqual(readEureka('{"applications":{}}'), { hash: '', instances: [] });
  assert.equal(readEureka('<html>'), undefined);
  assert.equal(readEureka('[]'), undefined);
  assert.deepEqual(readEureka('{"applications":{"application":[{"instance":[{},7,null]}]}}')?.instances, []);
});

test('an instance with a secure port is called there, by TLS, as Spring’s clients do', () => {
  const instance = { hostName: 'h', app: 'STOCK', status: 'UP', securePort: { $: '8443', '@enabled': 'true' } };
  for (const enabled of ['true', 'false']) {
    const both = { ...instance, port: { $: '80', '@enabled': enabled } };
    const read = readEureka(JSON.stringify({ applications: { application: { name: 'STOCK', instance: both } } }));
    assert.deepEqual([read?.instances[0]?.instance.port, read?.instances[0]?.instance.secure], [8443, true]);
  }
});

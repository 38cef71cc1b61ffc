import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeOf, seededRandom } from '@dure/core';
import { fakeClock } from '@dure/core/testing';
import { dnsResolverContract } from '../testing/dns-resolver-contract.ts';
import { instanceListContract } from '../testing/instance-list-contract.ts';
import { memoryDns } from '../testing/memory-dns.ts';
import type { DnsEvent, DnsInstancesOptions } from './dns-instances.ts';
import { openDnsInstances } from './dns-instances.ts';
import type { SrvRecord } from './dns-resolver.port.ts';

dnsResolverContract('memoryDns', async (zone) => ({ resolver: memoryDns(zone), close: async () => {} }));

instanceListContract(
  'openDnsInstances',
  async () => {
    const none: SrvRecord[] = [{ target: '.', port: 0, priority: 0, weight: 0 }];
    const srv: Record<string, readonly SrvRecord[]> = { stock: none, order: none };
    const dns = memoryDns({ srv, addresses: { 'host.example': [{ address: '127.0.0.1', ttlMs: 5_000 }] } });
    const list = await openDnsInstances({
      names: { stock: 'stock', order: 'order' },
      resolver: dns,
      clock: fakeClock(),
      random: seededRandom(1),
    });
    return {
      list,
      put: async (service, instances) => {
        const records = instances.map(({ port }) => ({ target: 'host.example', port, priority: 0, weight: 0 }));
        srv[service] = records.length > 0 ? records : none;
        await list.refresh(service);
      },
      close: () => list.close(),
    };
  },
  (instance) => ({
    ...instance,
    id: `${instance.service}:${instance.host}:${instance.port}`,
    managementPort: undefined,
  }),
);

const a: SrvRecord = { target: 'a.example', port: 80, priority: 1, weight: 30 };
const b: SrvRecord = { target: 'b.example', port: 81, priority: 1, weight: 10 };
const spare: SrvRecord = { target: 'c.example', port: 82, priority: 2, weight: 1 };
const addresses = {
  'a.example': [
    { address: '192.0.2.1', ttlMs: 5_000 },
    { address: '192.0.2.2', ttlMs: 5_000 },
  ],
  'b.example': [{ address: '2001:db8::1', ttlMs: 9_000 }],
  'c.example': [{ address: '192.0.2.9', ttlMs: 100_000 }],
};

async function open(records: readonly SrvRecord[], change: Partial<DnsInstancesOptions> = {}) {
  const clock = fakeClock();
  const dns = memoryDns({ srv: { 'stock.example': records }, addresses });
  const events: DnsEvent[] = [];
  const list = await openDnsInstances({
    names: { stock: 'stock.example' },
    resolver: dns,
    clock,
    random: seededRandom(1),
    observe: (event) => void events.push(event),
    ...change,
  });
  const ids = () => list.instances('stock').map(({ id }) => id);
  const answer = (next: readonly SrvRecord[]) => {
    dns.zone = { srv: { 'stock.example': next }, addresses };
  };
  return { clock, dns, list, events, ids, answer };
}

test('each address of each target of the lowest priority is an instance; weights are shared out', async () => {
  const { list, ids } = await open([a, b, spare]);
  assert.deepEqual(ids(), ['stock:192.0.2.1:80', 'stock:192.0.2.2:80', 'stock:2001:db8::1:81']);
  assert.deepEqual(
    list.instances('stock').map(({ metadata }) => metadata.weight),
    ['0.750', '0.750', '0.500'],
  );
  const even = await open([
    { ...a, weight: 0 },
    { ...b, weight: 0 },
  ]);
  assert.deepEqual(
    even.list.instances('stock').map(({ metadata }) => metadata.weight),
    ['1.000', '1.000', '1.000'],
  );
});

test('it asks again when the shortest time to live is over, and what only turned its order has not changed', async () => {
  const { clock, dns, list, ids, answer } = await open([a, b]);
  const before = list.instances('stock');
  answer([b, a]);
  await clock.advance(4_999);
  assert.equal(dns.questions, 3);
  await clock.advance(501);
  assert.equal(dns.questions, 6);
  assert.equal(list.instances('stock'), before);
  answer([b]);
  await clock.advance(5_500);
  assert.deepEqual(ids(), ['stock:2001:db8::1:81']);
  answer([spare]);
  await clock.advance(9_900);
  assert.deepEqual(ids(), ['stock:192.0.2.9:82']);
  answer([a]);
  await clock.advance(33_000); // not later than every 30 s and a tenth
  assert.equal(ids().length, 2);
  await list.close();
  assert.equal(clock.pending, 0);
});

test('while nobody answers, or the name is gone, the last known instances stay, and questions become rarer', async () => {
  const { clock, dns, ids, events } = await open([a]);
  const known = ids();
  dns.zone = undefined;
  await clock.advance(600_000);
  assert.deepEqual(ids(), known);
  assert.ok(events.length >= 18 && events.length <= 30, `${events.length} questions in ten minutes`);
  assert.equal(events[0]?.name, 'stock.example');
});

test('a target whose addresses cannot be found keeps its last known ones; an unknown one is left out', async () => {
  const { dns, list, ids, events } = await open([a, b]);
  dns.zone = {
    srv: { 'stock.example': [a, b, { ...spare, priority: 1 }] },
    addresses: { 'b.example': addresses['b.example'] },
  };
  await list.refresh('stock');
  assert.equal(ids().length, 3);
  assert.deepEqual(events.map(({ name }) => name).sort(), ['a.example', 'c.example']);
});

test('a target of "." empties the list: the service is decidedly not there', async () => {
  const { list, ids, answer } = await open([a]);
  answer([{ target: '.', port: 0, priority: 0, weight: 0 }]);
  await list.refresh('stock');
  assert.deepEqual(ids(), []);
});

test('it opens although nobody answers, and lists the instances as soon as somebody does', async () => {
  const { clock, dns, ids } = await open([], { refreshAtLeastMs: 500 });
  assert.deepEqual(ids(), []);
  dns.zone = { srv: { 'stock.example': [a] }, addresses };
  await clock.advance(550);
  assert.equal(ids().length, 2);
});

test('after closing nothing is asked any more', async () => {
  const { clock, dns, list } = await open([a]);
  await list.close();
  await list.refresh('stock');
  await clock.advance(100_000);
  assert.equal(dns.questions, 2);
});

test('impossible times are refused', async () => {
  for (const wrong of [{ refreshAtLeastMs: 0 }, { refreshAtLeastMs: 500, refreshAtMostMs: 100 }])
    await assert.rejects(open([a], wrong), (error) => codeOf(error) === 'BALANCER_OPTION_INVALID');
});

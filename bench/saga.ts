// How long does a saga of five steps over four services take, at the shop and by its own transport? And how many durable local
// steps a second are done, against DBOS Transact on the same PostgreSQL in the same run?
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ids, ownCall, systemClock, systemRandom } from '@dure/core';
import { startSystem } from '@dure/dure/testing';
import { openDatabase, postgresSagaStore, sql, startSagas } from '@dure/postgres';
import { startEmbeddedPostgres } from '@dure/postgres/embedded';
import { testDatabase } from '@dure/postgres/testing';
import type { AnySaga } from '@dure/saga';
import { saga, sagaRunner } from '@dure/saga';
import { silentTelemetry } from '@dure/telemetry';
import { z } from 'zod';
import { startChild } from './lib/child.ts';
import { shopper } from './lib/shopper.ts';
import { median, printTable, round } from './lib/table.ts';

const orders = Number(process.env.ORDERS ?? 80);
const sagas = Number(process.env.SAGAS ?? 1_000);
const rounds = Number(process.env.ROUNDS ?? 3);
const inFlight = 20;
const own = ids(systemClock, systemRandom);
const silent = { clock: systemClock, ids: own, telemetry: silentTelemetry() };
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Times from the start of each order's saga to its end, in milliseconds: one order after the other, then many at once. */
async function atTheShop(): Promise<readonly (readonly (string | number)[])[]> {
  await using system = await startSystem(join(import.meta.dirname, '..', 'shop', 'system.ts'), { placement: 'each' });
  const buyer = await shopper(system.edge, 'sagas');
  await using db = openDatabase({ url: system.databaseUrls.order ?? '', service: 'bench', ...silent });
  const unfinished = async () =>
    (await sql<{ count: number }>`select count(*) as count from dure.saga where finished_at is null`.execute(db.read))
      .rows[0]?.count ?? 0;
  const since = async (work: () => Promise<void>) => {
    const from = own.uuid();
    const began = performance.now();
    await work();
    while ((await unfinished()) > 0) await pause(5);
    const tookMs = performance.now() - began;
    const { rows } = await sql<{ ms: number }>`
      select (extract(epoch from finished_at - started_at) * 1000)::float8 as ms from dure.saga
      where id > ${from} and state = 'completed' order by 1`.execute(db.read);
    const at = (share: number) =>
      round(rows[Math.min(Math.floor(rows.length * share), rows.length - 1)]?.ms ?? Number.NaN, 1);
    return [rows.length, at(0.5), at(0.99), Math.round((rows.length * 5 * 1_000) / tookMs)];
  };
  // Two articles, so that neither is sold out.
  const order = (sku = 'tea-green') => buyer.order(sku, 1, 'card');
  for (let time = 0; time < 20; time += 1) await order('paper-hanji');
  const alone = await since(async () => {
    for (let time = 0; time < orders; time += 1) {
      await order();
      while ((await unfinished()) > 0) await pause(2);
    }
  });
  const together = await since(async () => {
    const loop = async () => {
      for (let time = 0; time < orders / inFlight; time += 1) await order('paper-hanji');
    };
    await Promise.all(Array.from({ length: inFlight }, loop));
  });
  return [
    ['one after the other', ...alone],
    [`${inFlight} at once`, ...together],
  ];
}

/** Sagas of five local steps, each of which answers a number: steps done a second. */
async function localSteps(): Promise<number> {
  await using database = await testDatabase();
  const count = (_tx: unknown, { id }: { readonly id: string }) => id.length;
  const options = { nothingToUndo: 'nothing was done' };
  const five = saga('five', { input: z.object({ n: z.int() }), key: ({ n }) => String(n) })
    .local('a', count, options)
    .local('b', count, options)
    .local('c', count, options)
    .local('d', count, options)
    .local('e', count, options)
    .end();
  const definitions = [five] as unknown as readonly AnySaga[];
  const startSaga = startSagas({ definitions, clock: systemClock, ids: own });
  await using db = openDatabase({ url: database.url, service: 'bench', ...silent, startSaga });
  const store = postgresSagaStore(db);
  await using runner = sagaRunner({ service: 'bench', definitions, store, unitOfWork: db, pollMs: 10, ...silent });
  runner.run();
  const began = performance.now();
  let next = 0;
  const loop = async () => {
    while (next < sagas) {
      const n = next++;
      await db.uow(ownCall('bench', 'start', own, new AbortController().signal), async (tx) => tx.start(five, { n }));
    }
  };
  await Promise.all(Array.from({ length: inFlight }, loop));
  while ((await store.open()).length > 0) await pause(5);
  return (sagas * 5 * 1_000) / (performance.now() - began);
}

const folder = mkdtempSync(join(tmpdir(), 'dure-bench-'));
const cluster = await startEmbeddedPostgres({ folder, clock: systemClock, random: systemRandom });
writeFileSync(join(folder, 'cluster.json'), JSON.stringify({ adminUrl: cluster.adminUrl }), { mode: 0o600 });
process.env.DURE_TEST_CLUSTER = join(folder, 'cluster.json');
const rates: { readonly own: number; readonly peer: number }[] = [];
for (let round = 0; round < rounds; round += 1) {
  const peer = await startChild(
    join(import.meta.dirname, 'peers', 'dbos.ts'),
    cluster.adminUrl,
    String(sagas),
    String(inFlight),
  );
  await peer.stop();
  rates.push({ own: await localSteps(), peer: peer.hello.rate ?? Number.NaN });
}
await cluster.stop();
rmSync(folder, { recursive: true, force: true });
printTable(`Durable local steps a second, ${sagas} sagas of five, ${inFlight} in flight, median of ${rounds}`, [
  ['Dure', 'DBOS Transact', 'ratio'],
  [
    Math.round(median(rates.map(({ own }) => own))),
    Math.round(median(rates.map(({ peer }) => peer))),
    round(median(rates.map(({ own, peer }) => own / peer))),
  ],
]);
printTable('The checkout of the shop, five commands to three services, from start to end', [
  ['', 'sagas', 'p50 ms', 'p99 ms', 'remote steps/s'],
  ...(await atTheShop()),
]);

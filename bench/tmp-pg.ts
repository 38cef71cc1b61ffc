import { systemClock, systemRandom } from '@dure/core';
import { migrate } from '@dure/postgres';
import { startEmbeddedPostgres } from '@dure/postgres/embedded';
import pg from 'pg';
import { randomUUID } from 'node:crypto';
import { forget, stateFolder } from './lib/shop.ts';
const folder = stateFolder();
const server = await startEmbeddedPostgres({ folder, clock: systemClock, random: systemRandom });
try {
  const admin = new pg.Client(server.adminUrl); await admin.connect(); await admin.query('create database dure'); await admin.end();
  const url = Object.assign(new URL(server.adminUrl), { pathname: '/dure' }).href;
  await migrate({ url, service: 'bench', seeds: false, clock: systemClock });
  const c = new pg.Client(url); await c.connect();
  let n = 0;
  const row = (u: number | undefined, k: number, stream: string) => JSON.stringify({ u, id: randomUUID(), at: Date.now(), kind: 'e', type: 'bench.deposited', version: 1, key: 'a-1', meta: { correlation: randomUUID(), traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' }, stream, n: k, data: { account: 'a-1', amount: 18000, currency: 'KRW', note: 'a deposit like any other' } });
  async function time(name: string, per: number, f: () => Promise<unknown>) {
    for (let i = 0; i < 100; i++) await f();
    const t: number[] = [];
    for (let i = 0; i < 400; i++) { const b = performance.now(); await f(); t.push(performance.now() - b); }
    t.sort((a, b) => a - b);
    console.log(name, 'min', t[0]!.toFixed(3), 'p25', t[100]!.toFixed(3), 'median', t[200]!.toFixed(3), 'ms; per event us', (t[100]! / per * 1000).toFixed(1));
  }
  const single = (count: number) => async () => { const s = `s-${n++}`; await c.query({ name: 'f', text: 'select dure.flush($1::jsonb,$2::jsonb)', values: [`[${Array.from({ length: count }, (_, i) => row(undefined, i + 1, s)).join(',')}]`, JSON.stringify([{ stream: s, expected: 'none', count }])] }); };
  const group = (units: number, count: number, expected = 'none') => async () => {
    const streams = Array.from({ length: units }, () => `s-${n++}`);
    await c.query({ name: 'g', text: 'select * from dure.flush_together($1::jsonb,$2,$3,$4)', values: [`[${streams.flatMap((s, u) => Array.from({ length: count }, (_, i) => row(u + 1, i + 1, s))).join(',')}]`, streams, streams.map(() => expected), streams.map(() => count)] });
  };
  await time('select 1', 1, () => c.query({ name: 'x', text: 'select 1' }));
  await c.query('set synchronous_commit=off');
  await time('select 1', 1, () => c.query({ name: 'x', text: 'select 1' }));
  for (const sync of ['off', 'on']) {
    await c.query(`set synchronous_commit=${sync}`); console.log('sync', sync);
    await time('single x1', 1, single(1));
    await time('single x10', 10, single(10));
    await time('group 10x1', 10, group(10, 1));
    await time('group 20x1', 20, group(20, 1));
    await time('group 10x10', 100, group(10, 10));
    await time('group 20x10', 200, group(20, 10));
  }
  await c.end();
} finally { await server[Symbol.asyncDispose](); forget(folder); }

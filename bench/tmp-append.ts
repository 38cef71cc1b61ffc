// How many events a second are appended to streams, against Emmett on PostgreSQL? The same server, events and expected versions,
// and the same number of connections; rounds of both in turn. And how many in calls of ten?
import { ids, ownCall, systemClock, systemRandom } from '@dure/core';
import { aggregate, fact, repository } from '@dure/event-sourcing';
import { event } from '@dure/messaging';
import { migrate, openDatabase, postgresEventStore } from '@dure/postgres';
import { startEmbeddedPostgres } from '@dure/postgres/embedded';
import { silentTelemetry } from '@dure/telemetry';
import pg from 'pg';
import { z } from 'zod';
import { forget, stateFolder } from './lib/shop.ts';
import { median, printTable, round } from './lib/table.ts';

const connections = Number(process.env.CONNECTIONS ?? 20);
const rounds = Number(process.env.ROUNDS ?? 5);
const seconds = Number(process.env.SECONDS ?? 4);
const data = { account: 'a-1', amount: 18_000, currency: 'KRW', note: 'a deposit like any other' };

const deposited = event('bench.deposited', {
  schema: z.object({ account: z.string(), amount: z.int(), currency: z.string(), note: z.string() }),
  key: ({ account }) => account,
});
const account = aggregate('account', { id: 'account', initial: () => ({ balance: 0 }) }).on(
  deposited,
  ({ balance }, { amount }) => ({ balance: balance + amount }),
);

/** Appends `count` events to a new stream. */
type Append = (stream: string, count: number) => Promise<unknown>;

let streams = 0;
/** Events a second by as many callers as there are connections, each to a new stream at each call. */
async function rate(append: Append, count: number): Promise<number> {
  const began = performance.now();
  const until = began + seconds * 1_000;
  let events = 0;
  const caller = async () => {
    while (performance.now() < until) {
      streams += 1;
      await append(`s-${process.pid}-${streams}`, count);
      events += count;
    }
  };
  await Promise.all(Array.from({ length: connections }, caller));
  return events / ((performance.now() - began) / 1_000);
}

async function databases(adminUrl: string): Promise<{ readonly dure: string; readonly emmett: string }> {
  const admin = new pg.Client(adminUrl);
  await admin.connect();
  for (const name of ['dure', 'emmett']) await admin.query(`create database ${name}`);
  await admin.end();
  const at = (name: string) => Object.assign(new URL(adminUrl), { pathname: `/${name}` }).href;
  return { dure: at('dure'), emmett: at('emmett') };
}

const folder = stateFolder();
const server = await startEmbeddedPostgres({ folder, clock: systemClock, random: systemRandom });
try {
  const urls = await databases(server.adminUrl);
  await migrate({ url: urls.dure, service: 'bench', seeds: false, clock: systemClock });
  const idSource = ids(systemClock, systemRandom);
  const telemetry = silentTelemetry();
  await using db = openDatabase({
    url: urls.dure,
    service: 'bench',
    poolSize: connections,
    clock: systemClock,
    ids: idSource,
    telemetry,
  });
  const accounts = repository(account, { service: 'bench', store: postgresEventStore() });
  const facts = (count: number) => Array.from({ length: count }, () => fact(deposited, data));
  const dure: Append = (stream, count) =>
    db.uow(ownCall('bench', 'append', idSource), async (tx) => accounts.append(tx, stream, facts(count), 'none'));

  const N = Number(process.env.COUNT ?? 1);
  await rate(dure, N);
  const inspector = new (await import('node:inspector/promises')).Session();
  inspector.connect();
  await inspector.post('Profiler.enable'); await inspector.post('Profiler.start');
  const c0 = process.cpuUsage();
  const r = await rate(dure, N);
  const c = process.cpuUsage(c0);
  const { profile } = await inspector.post('Profiler.stop');
  console.log('rate', r, 'cpu us per event', (c.user + c.system) / (r * seconds));
  const self = new Map(); const dt = profile.timeDeltas!; const byId = new Map(profile.nodes.map((n) => [n.id, n]));
  profile.samples!.forEach((id, i) => { const n = byId.get(id)!; const k = n.callFrame.functionName + ' ' + n.callFrame.url.split('/').slice(-2).join('/') + ':' + n.callFrame.lineNumber; self.set(k, (self.get(k) ?? 0) + dt[i]!); });
  const total = [...self.values()].reduce((a, b) => a + b, 0);
  for (const [k, v] of [...self].sort((a, b) => b[1] - a[1]).slice(0, 45)) console.log((v / total * 100).toFixed(1).padStart(5), k);
} finally {
  await server[Symbol.asyncDispose]();
  forget(folder);
}

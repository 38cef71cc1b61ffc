// How many events a second are appended to streams, against Emmett on PostgreSQL? The same server, events and expected versions,
// and the same number of connections; rounds of both in turn. And how many in calls of ten?
import { ids, ownCall, systemClock, systemRandom } from '@dure/core';
import { aggregate, fact, repository } from '@dure/event-sourcing';
import { event } from '@dure/messaging';
import { migrate, openDatabase, postgresEventStore } from '@dure/postgres';
import { startEmbeddedPostgres } from '@dure/postgres/embedded';
import { silentTelemetry } from '@dure/telemetry';
import { getPostgreSQLEventStore } from '@event-driven-io/emmett-postgresql';
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

/** As on a server that has run for a while: it writes its log into files that are there, and makes no new ones. */
async function makeLogFiles(adminUrl: string): Promise<void> {
  const admin = new pg.Client(adminUrl);
  await admin.connect();
  for (let file = 0; file < 40; file += 1) await admin.query("select pg_create_restore_point('file'), pg_switch_wal()");
  await admin.query('checkpoint');
  await admin.end();
}

const folder = stateFolder();
const settings = { checkpoint_timeout: '5min', min_wal_size: '1GB', max_wal_size: '2GB' };
const server = await startEmbeddedPostgres({ folder, settings, clock: systemClock, random: systemRandom });
try {
  await makeLogFiles(server.adminUrl);
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

  const pool = new pg.Pool({ connectionString: urls.emmett, max: connections });
  const emmettStore = getPostgreSQLEventStore(urls.emmett, { connectionOptions: { pooled: true, pool } });
  await emmettStore.schema.migrate();
  const emmett: Append = (stream, count) =>
    emmettStore.appendToStream(
      stream,
      Array.from({ length: count }, () => ({ type: 'bench.deposited', data })),
      {
        expectedStreamVersion: 'STREAM_DOES_NOT_EXIST',
      },
    );

  await rate(dure, 10); // Connections, plans and compiled code.
  const alone: number[] = [];
  for (let turn = 0; turn < rounds; turn += 1) alone.push(await rate(dure, 10));
  printTable(`events a second, ${connections} connections, nothing between`, [
    ['', 'Dure', 'from', 'to'],
    ['10 a call', ...[median(alone), Math.min(...alone), Math.max(...alone)].map((one) => round(one, 0))],
  ]);

  for (const append of [dure, emmett]) await rate(append, 1);
  const rows: (readonly (string | number)[])[] = [['', 'Dure', 'Emmett', 'ratio']];
  for (const count of [1, 10]) {
    const [ours, theirs]: [number[], number[]] = [[], []];
    for (let turn = 0; turn < rounds; turn += 1) {
      ours.push(await rate(dure, count));
      theirs.push(await rate(emmett, count));
    }
    rows.push([
      `${count} a call`,
      round(median(ours), 0),
      round(median(theirs), 0),
      round(median(ours) / median(theirs), 2),
    ]);
  }
  printTable(`events a second, ${connections} connections, in turns`, rows);
  await emmettStore.close();
  await pool.end();
} finally {
  await server[Symbol.asyncDispose]();
  forget(folder);
}

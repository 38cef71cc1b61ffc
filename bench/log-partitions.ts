// What does an append cost now that the log is partitioned, against the log as one table, in the same run? And how fast do
// followers go through it?

import { readFile } from 'node:fs/promises';
import { systemClock as clock, ids, systemRandom as random } from '@dure/core';
import { testCall } from '@dure/core/testing';
import { startFollower } from '@dure/messaging/followers';
import { noted } from '@dure/messaging/testing';
import type { Database } from '@dure/postgres';
import { openDatabase } from '@dure/postgres';
import { testDatabase } from '@dure/postgres/testing';
import { silentTelemetry } from '@dure/telemetry';
import { Client } from 'pg';
import { median, printTable, round } from './lib/table.ts';

const rounds = Number(process.env.ROUNDS ?? 9);
const roundMs = Number(process.env.ROUND_MS ?? 1_500);
const connections = 20;

const own = { service: 'bench', clock, ids: ids(clock, random), telemetry: silentTelemetry() };

/** The log as the first migration made it. */
async function unpartitioned(ownerUrl: string): Promise<void> {
  const file = new URL('../packages/postgres/src/schema/0001-log.sql', import.meta.url);
  const table = /create table dure\.log \([\s\S]*?create unique index log_stream[^;]*;/.exec(
    await readFile(file, 'utf8'),
  );
  const owner = new Client({ connectionString: ownerUrl });
  await owner.connect();
  await owner.query(`drop table dure.log; ${table?.[0]}`);
  await owner.end();
}

/** Events a second, over all connections, in units of work of so many. */
async function appends(db: Database, perUnit: number): Promise<number> {
  const endMs = performance.now() + roundMs;
  let count = 0;
  const startedMs = performance.now();
  await Promise.all(
    Array.from({ length: connections }, async (_, worker) => {
      while (performance.now() < endMs) {
        await db.uow(testCall(), async (tx) => {
          for (let at = 0; at < perUnit; at += 1) tx.emit(noted, { key: `k${worker}`, count: at });
        });
        count += perUnit;
      }
    }),
  );
  return (count / (performance.now() - startedMs)) * 1_000;
}

/** Messages a second of a follower that starts at the beginning of the log. */
async function followed(db: Database, size: number, want: number): Promise<number> {
  let count = 0;
  const done = Promise.withResolvers<void>();
  const startedMs = performance.now();
  await using _ = startFollower({
    name: `follower ${size} ${startedMs}`,
    store: db.followers,
    tail: db.tail,
    filter: { events: ['test.noted'], destination: undefined },
    batch: { size, withinMs: 0 },
    handle: async (messages) => {
      count += messages.length;
      if (count >= want) done.resolve();
    },
    ...own,
  });
  await done.promise;
  return (want / (performance.now() - startedMs)) * 1_000;
}

await using partitions = await testDatabase();
await using single = await testDatabase();
await unpartitioned(single.ownerUrl);
await using now = openDatabase({ url: partitions.url, poolSize: connections, ...own });
await using before = openDatabase({ url: single.url, poolSize: connections, ...own });

const rows: (string | number)[][] = [['events in a unit', 'events/s, partitions', 'events/s, one table', 'ratio']];
for (const perUnit of [1, 10]) {
  const measured: { readonly now: number; readonly before: number }[] = [];
  for (let turn = 0; turn <= rounds; turn += 1) {
    const one = turn % 2 === 0;
    const first = await appends(one ? now : before, perUnit);
    const second = await appends(one ? before : now, perUnit);
    if (turn > 0) measured.push(one ? { now: first, before: second } : { now: second, before: first });
  }
  const ratio = median(measured.map((pair) => pair.now / pair.before));
  const [ours, theirs] = [median(measured.map((pair) => pair.now)), median(measured.map((pair) => pair.before))];
  rows.push([perUnit, round(ours, 0), round(theirs, 0), round(ratio)]);
}
printTable(`appends over ${connections} connections, medians of ${rounds} rounds`, rows);

const followers: (string | number)[][] = [['messages in a batch', 'messages/s']];
for (const size of [1, 50, 500])
  followers.push([size, round(await followed(now, size, size === 1 ? 2_000 : 20_000), 0)]);
printTable('one follower, from the beginning of the log', followers);

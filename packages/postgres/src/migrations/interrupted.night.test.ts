import assert from 'node:assert/strict';
import type { AddressInfo, Server, Socket } from 'node:net';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { randomInteger, seededRandom, systemClock, systemRandom, wait } from '@dure/core';
import { openConnection } from '../connection.ts';
import { connected } from '../provisioning/connect.ts';
import { provisionDatabases } from '../provisioning/provision-databases.ts';
import { testCluster } from '../testing/test-cluster.ts';
import { migrate } from './migrate.ts';

const seed = randomInteger(systemRandom, 1, 2 ** 31 - 1);
const folder = join(import.meta.dirname, '..', 'fixtures', 'counter');

/** Everything that migrations have made, as one text. */
const everything = `
  select string_agg(line, e'\\n' order by line) as made from (
    select 'column ' || table_schema || '.' || table_name || '.' || column_name || ' ' || data_type || coalesce(column_default, '')
    from information_schema.columns where table_schema in ('dure', 'public')
    union all select 'index ' || indexdef from pg_indexes where schemaname in ('dure', 'public')
    union all select 'function ' || p.oid::regprocedure || md5(prosrc) from pg_proc p
      where pronamespace in ('dure'::regnamespace, 'public'::regnamespace)
    union all select 'migration ' || owner || name from dure.migration
  ) as l(line)`;

/** Where a connection is cut: before the server has heard a word, while it does what it says, or before its answer is heard. */
const moments = ['before', 'during', 'after'] as const;
type Moment = (typeof moments)[number];

/** Passes on what a client says, and cuts the connection at its nth word. */
async function cutting(url: string, at: number, moment: Moment, end: () => Promise<unknown>) {
  const { port, hostname } = new URL(url);
  const sockets = new Set<Socket>();
  const said = { words: 0, answered: 0, cut: false };
  let ending: Promise<unknown> | undefined;
  const server: Server = createServer((client) => {
    const upstream = connect(Number(port), hostname);
    for (const socket of [client, upstream]) {
      sockets.add(socket.on('error', () => undefined));
      socket.on('close', () => {
        client.destroy();
        upstream.destroy();
      });
    }
    upstream.on('data', (answer: Buffer) => {
      said.answered += 1;
      if (said.cut && moment === 'after') client.destroy();
      else client.write(answer);
    });
    client.on('data', (words: Buffer) => {
      said.words += 1;
      const isHere = said.words === at;
      said.cut ||= isHere;
      if (isHere && moment === 'before') client.destroy();
      else upstream.write(words);
      if (isHere && moment === 'during') ending = end();
    });
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.on('listening', resolve));
  const proxied = new URL(url);
  proxied.port = String((server.address() as AddressInfo).port);
  return {
    url: proxied.href,
    said,
    async [Symbol.asyncDispose]() {
      await ending;
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

test('migrations that are cut off anywhere are completed by the next run, and come to the same', async (context) => {
  const { adminUrl } = await testCluster();
  await using admin = await openConnection({
    url: adminUrl,
    name: 'cutter',
    timeoutMs: 5_000,
    onLost: () => undefined,
  }).then((connection) => Object.assign(connection, { [Symbol.asyncDispose]: () => connection.close() }));
  const random = seededRandom(seed);
  const options = { service: 'counter', folder, seeds: false, clock: systemClock };
  const made = async (ownerUrl: string) =>
    connected(ownerUrl, async (client) => (await client.query<{ made: string }>(everything)).rows[0]?.made ?? '');
  let number = 0;
  const fresh = async () => {
    number += 1;
    const databases = [{ service: `cut${number}`, ownerPassword: 'p', password: 'p' }];
    const [database] = await provisionDatabases({ adminUrl, databases, random: systemRandom });
    return database?.ownerUrl ?? assert.fail('no database');
  };
  const nameIn = (url: string) => new URL(url).pathname.slice(1);
  const dropped = (url: string) => admin.query(`drop database "${nameIn(url)}" with (force)`);
  const endSessions = async (url: string) => {
    await wait(systemClock, random.next() * 15);
    await admin.query('select pg_terminate_backend(pid) from pg_stat_activity where datname = $1', [nameIn(url)]);
  };
  const whole = await fresh();
  await migrate({ ...options, url: whole });
  const expected = (await made(whole)).replaceAll(/cut\d+/g, 'cut');
  await dropped(whole);
  const cuts = { before: 0, during: 0, after: 0 };
  const failed = { before: 0, during: 0, after: 0 };
  // A word is a statement, a file of them, or a part of what a connection begins with. A file takes four of them, so that the three moments
  // in turn meet each of the four.
  for (let at = 1, ended = false; !ended; at += 1) {
    const moment = moments[at % moments.length] ?? 'before';
    const url = await fresh();
    {
      await using proxy = await cutting(url, at, moment, () => endSessions(url));
      await migrate({ ...options, url: proxy.url }).catch(() => {
        failed[moment] += 1;
      });
      assert.ok(proxy.said.answered > 0 || at === 1, 'the server has never been reached');
      ended = !proxy.said.cut;
      if (!ended) cuts[moment] += 1;
    }
    await migrate({ ...options, url });
    const done = (await made(url)).replaceAll(/cut\d+/g, 'cut');
    assert.equal(done, expected, `cut ${moment} the word ${at} is done; seed ${seed}`);
    await dropped(url);
  }
  context.diagnostic(JSON.stringify({ seed, cuts, failed }));
  assert.ok(
    Math.min(cuts.before, cuts.during, cuts.after) > 30 && failed.before > 30 && failed.during > 0,
    JSON.stringify({ cuts, failed }),
  );
});

import assert from 'node:assert/strict';
import type { Server, Socket } from 'node:net';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock, systemRandom } from '@dure/core';
import { connected } from '../provisioning/connect.ts';
import { provisionDatabases } from '../provisioning/provision-databases.ts';
import { testCluster } from '../testing/test-cluster.ts';
import { migrate } from './migrate.ts';

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

/** Passes on what a client says, and cuts the connection at its nth word: before the server has heard it, or before it has answered. */
async function cutting(url: string, at: number, when: 'before' | 'after') {
  const target = new URL(url);
  const sockets = new Set<Socket>();
  const said = { words: 0, cut: false };
  const server: Server = createServer((client) => {
    const upstream = connect(Number(target.port), target.hostname);
    for (const socket of [client, upstream]) {
      sockets.add(socket.on('error', () => undefined));
      socket.on('close', () => {
        client.destroy();
        upstream.destroy();
      });
    }
    upstream.on('data', (answer: Buffer) => {
      if (said.cut) client.destroy();
      else client.write(answer);
    });
    client.on('data', (words: Buffer) => {
      said.words += 1;
      said.cut = said.words === at;
      if (said.cut && when === 'before') client.destroy();
      else upstream.write(words);
    });
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.on('listening', resolve));
  const address = server.address();
  target.port = String(typeof address === 'object' && address !== null ? address.port : 0);
  return {
    url: target.href,
    said,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

test('migrations that are cut off anywhere are completed by the next run, and come to the same', async (context) => {
  const { adminUrl } = await testCluster();
  let cuts = 0;
  let number = 0;
  const options = { service: 'counter', folder, seeds: false, clock: systemClock };
  const made = async (ownerUrl: string) =>
    connected(ownerUrl, async (client) => (await client.query<{ made: string }>(everything)).rows[0]?.made ?? '');
  const fresh = async () => {
    number += 1;
    const databases = [{ service: `cut${number}`, ownerPassword: 'p', password: 'p' }];
    const [database] = await provisionDatabases({ adminUrl, databases, random: systemRandom });
    return database?.ownerUrl ?? assert.fail('no database');
  };
  const dropped = (url: string) =>
    connected(adminUrl, (admin) => admin.query(`drop database "${new URL(url).pathname.slice(1)}" with (force)`));
  const whole = await fresh();
  await migrate({ ...options, url: whole });
  const expected = (await made(whole)).replaceAll(/cut\d+/g, 'cut');
  await dropped(whole);
  // Every third word, in turn before and after it: a word is a statement, or a part of one.
  for (let at = 1, ended = false; !ended; at += 3) {
    const url = await fresh();
    {
      await using proxy = await cutting(url, at, at % 2 === 0 ? 'before' : 'after');
      await migrate({ ...options, url: proxy.url }).catch(() => undefined);
      ended = !proxy.said.cut && proxy.said.words < at;
      if (!ended) cuts += 1;
    }
    await migrate({ ...options, url });
    assert.equal((await made(url)).replaceAll(/cut\d+/g, 'cut'), expected, `cut at the word ${at}`);
    await dropped(url);
  }
  assert.ok(cuts > 100, `${cuts} cuts`);
  context.diagnostic(`${cuts} cuts, each completed by the next run`);
});

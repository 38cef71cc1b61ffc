import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeOf } from '@dure/core';
import { pooler } from '../fixtures/pooler.ts';
import { connected } from '../provisioning/connect.ts';
import { databaseUrl } from '../provisioning/provision-databases.ts';
import { testCluster } from '../testing/test-cluster.ts';
import { testDatabase } from '../testing/test-database.ts';
import { advanceVariants } from './advance-variants.ts';
import { serverFacts } from './server-facts.ts';

/** A role of the shared cluster, for one test. */
async function role(name: string, attributes: string): Promise<AsyncDisposable & { readonly url: string }> {
  const { adminUrl } = await testCluster();
  await connected(adminUrl, async (admin) => {
    await admin.query(`CREATE ROLE ${name} LOGIN PASSWORD 'open' ${attributes}`);
    await admin.query(`GRANT CONNECT ON DATABASE postgres TO ${name}`);
  });
  return {
    url: databaseUrl(adminUrl, 'postgres', name, 'open'),
    async [Symbol.asyncDispose]() {
      await connected(adminUrl, (admin) => admin.query(`DROP OWNED BY ${name}; DROP ROLE ${name}`));
    },
  };
}

function refused(code: string, pattern: RegExp) {
  return (error: unknown) => {
    assert.equal(codeOf(error), code);
    assert.match(String(error), pattern);
    return true;
  };
}

test('a server that forgets is warned of, and its version, host and role are told', async () => {
  const { adminUrl } = await testCluster();
  const { version, host, user, crowd, warnings } = await serverFacts(adminUrl);
  assert.match(version, /^\d+(\.\d+)?$/);
  assert.deepEqual([host, user], [new URL(adminUrl).host, new URL(adminUrl).username]);
  assert.ok(crowd.writers > 0);
  const what = warnings.map((warning) => warning.what);
  assert.ok(what.includes('fsync') && what.includes('synchronous-commit'), what.join());
});

test('a role that may not create databases is told what to grant', async () => {
  await using plain = await role('facts_plain', 'NOCREATEDB');
  await assert.rejects(
    serverFacts(plain.url),
    refused('POSTGRES_CREATEDB_MISSING', /"facts_plain" may not create databases .* ALTER ROLE "facts_plain" CREATEDB/),
  );
});

test('where few connections are free fewer write, and where hardly any are nobody does', async () => {
  await using small = await role('facts_small', 'CREATEDB CONNECTION LIMIT 30');
  const { crowd, warnings } = await serverFacts(small.url);
  assert.equal(crowd.writers, 6);
  assert.deepEqual(
    warnings.filter(({ what }) => what === 'few-connections'),
    [{ what: 'few-connections', free: 29 }],
  );
  await using none = await role('facts_none', 'CREATEDB CONNECTION LIMIT 12');
  await assert.rejects(serverFacts(none.url), refused('POSTGRES_SERVER_UNFIT', /only 11 connections are free/));
});

test('a pooler is refused, whether it shares sessions or not', async () => {
  const { adminUrl } = await testCluster();
  await using sharing = await pooler(adminUrl, { shares: true });
  await assert.rejects(serverFacts(sharing.url), refused('POSTGRES_SERVER_UNFIT', /a pooler that gives a session/));
  await using faithful = await pooler(adminUrl, { shares: false });
  await assert.rejects(serverFacts(faithful.url), refused('POSTGRES_SERVER_UNFIT', /a pooler whose sessions/));
});

test('a version that is too old is refused', async () => {
  const { adminUrl } = await testCluster();
  const number = await connected(adminUrl, async (admin) => {
    const { rows } = await admin.query(`select current_setting('server_version_num') as number`);
    return rows[0]?.number as string;
  });
  await using older = await pooler(adminUrl, { shares: false, instead: [number, '130011'] });
  await assert.rejects(serverFacts(older.url), refused('POSTGRES_SERVER_UNFIT', /needs 14 or later/));
});

test('a fence that is not the one that is shipped is not changed any further', async () => {
  await using database = await testDatabase();
  await connected(database.ownerUrl, (owner) =>
    owner.query(`create or replace function dure.advance() returns bigint language plpgsql as 'begin return 0; end'`),
  );
  await assert.rejects(
    advanceVariants(database.ownerUrl).install('swapped'),
    (error) => codeOf(error) === 'POSTGRES_FENCE_CHANGED',
  );
});

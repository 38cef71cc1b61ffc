import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeOf, seededRandom, systemClock } from '@dure/core';
import { testCluster } from '../testing/test-cluster.ts';
import { connected } from './connect.ts';
import { databaseUrl, provisionDatabases } from './provision-databases.ts';
import { verifyIsolation } from './verify-isolation.ts';

const random = seededRandom(7);
const order = (service: string, password = 'secret') => ({ service, ownerPassword: `${password}-owner`, password });
const stateOf = (error: unknown) => (error instanceof Error && 'code' in error ? error.code : undefined);

/** Provisions, hands over the connection strings and removes everything again. */
async function provisioned(
  services: readonly string[],
  work: (urls: readonly { ownerUrl: string; url: string }[], adminUrl: string) => Promise<void>,
): Promise<void> {
  const { adminUrl } = await testCluster();
  const databases = services.map((service) => order(service));
  try {
    await work(await provisionDatabases({ adminUrl, databases, random }), adminUrl);
  } finally {
    await connected(adminUrl, async (admin) => {
      for (const service of services) await admin.query(`DROP DATABASE IF EXISTS "${service}" WITH (FORCE)`);
      for (const service of services) await admin.query(`DROP ROLE IF EXISTS "${service}", "${service}_owner"`);
    });
  }
}

test('the owner defines tables; the run-time role changes rows and defines nothing', async () => {
  await provisioned(['prov-order'], async ([database]) => {
    assert.ok(database);
    await connected(database.ownerUrl, (owner) =>
      owner.query(
        'CREATE SCHEMA extra; CREATE TABLE extra.line (id int GENERATED ALWAYS AS IDENTITY, sku text); CREATE TABLE note (text text)',
      ),
    );
    await connected(database.url, async (service) => {
      await service.query(
        "INSERT INTO extra.line (sku) VALUES ('a'); UPDATE extra.line SET sku = 'b'; DELETE FROM extra.line",
      );
      await service.query("INSERT INTO note VALUES ('n')");
      for (const forbidden of [
        'CREATE TABLE mine (a int)',
        'DROP TABLE note',
        'ALTER TABLE note ADD b int',
        'TRUNCATE note',
        'CREATE SCHEMA mine',
        'CREATE TEMP TABLE t (a int)',
      ]) {
        await assert.rejects(service.query(forbidden), (error) => stateOf(error) === '42501', forbidden);
      }
    });
  });
});

test('no role reaches another database', async () => {
  await provisioned(['prov-user', 'prov-product'], async ([user, product]) => {
    assert.ok(user && product);
    for (const url of [user.url, user.ownerUrl]) {
      for (const other of ['prov-product', 'postgres', 'template1']) {
        await assert.rejects(
          connected(databaseUrl(url, other), async () => undefined),
          /permission denied for database/,
        );
      }
    }
    await verifyIsolation(user.url);
    await verifyIsolation(product.url);
  });
});

test('the boot check lists everything that a role may and should not', async () => {
  await provisioned(['prov-a', 'prov-b'], async ([a, b], adminUrl) => {
    assert.ok(a && b);
    await connected(adminUrl, (admin) =>
      admin.query(
        'GRANT CONNECT ON DATABASE "prov-b" TO "prov-a"; GRANT "prov-b_owner" TO "prov-a"; ALTER ROLE "prov-a" CREATEDB',
      ),
    );
    await assert.rejects(verifyIsolation(a.url), (error: Error) => {
      assert.equal(codeOf(error), 'POSTGRES_NOT_ISOLATED');
      assert.match(error.message, /connect to the database "prov-b"/);
      assert.match(error.message, /create databases/);
      assert.match(error.message, /act as the role "prov-b_owner"/);
      return true;
    });
    await verifyIsolation(b.url);
  });
});

test('provisioning again changes nothing, and a new password takes the place of the old', async () => {
  await provisioned(['prov-again'], async ([database], adminUrl) => {
    assert.ok(database);
    const verifiers = () =>
      connected(adminUrl, async (admin) => {
        const { rows } = await admin.query(
          "SELECT rolname, rolpassword FROM pg_authid WHERE rolname LIKE 'prov-again%' ORDER BY 1",
        );
        return rows;
      });
    const before = await verifiers();
    const started = systemClock.monotonicMs();
    await provisionDatabases({ adminUrl, databases: [order('prov-again')], random });
    assert.ok(systemClock.monotonicMs() - started < 500);
    assert.deepEqual(await verifiers(), before);
    const [changed] = await provisionDatabases({ adminUrl, databases: [order('prov-again', 'fresh')], random });
    await assert.rejects(
      connected(database.url, async () => undefined),
      /password authentication failed/,
    );
    await connected(changed?.url ?? '', async () => undefined);
  });
});

test('a provisioning that was interrupted is completed by the next', async () => {
  await provisioned(['prov-half'], async ([database], adminUrl) => {
    await connected(adminUrl, (admin) =>
      admin.query('COMMENT ON DATABASE "prov-half" IS NULL; GRANT CONNECT ON DATABASE "prov-half" TO PUBLIC'),
    );
    await provisionDatabases({ adminUrl, databases: [order('prov-half')], random });
    await verifyIsolation(database?.url ?? '');
  });
});

test('a name that PostgreSQL keeps for itself is refused', async () => {
  const { adminUrl } = await testCluster();
  await assert.rejects(
    provisionDatabases({ adminUrl, databases: [order('postgres')], random }),
    (error) => codeOf(error) === 'POSTGRES_NAME_RESERVED',
  );
});

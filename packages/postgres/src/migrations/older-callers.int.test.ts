import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Client } from 'pg';
import { olderDatabase, olderSchemas } from '../fixtures/older-schema.ts';
import { connected } from '../provisioning/connect.ts';

/** Functions as a caller writes them down: with all the arguments that they had, each of its type. */
const callable = `
  select format('select * from %s(%s)', p.oid::regproc, (
      select string_agg(format('$%s::%s', a.n, format_type(a.type, null)), ', ' order by a.n)
      from unnest(p.proargtypes) with ordinality as a(type, n))) as text
  from pg_proc p
  where p.pronamespace = 'dure'::regnamespace and p.prokind = 'f' and p.prorettype <> 'trigger'::regtype
  order by p.oid::regprocedure::text`;

/** Columns of tables, and whether whoever does not know one may leave it out. */
const columns = `
  select c.relname || '.' || a.attname as name, format_type(a.atttypid, a.atttypmod) as type, c.relname as table,
    not a.attnotnull or a.atthasdef or a.attidentity <> '' as omissible
  from pg_class c join pg_attribute a on a.attrelid = c.oid
  where c.relnamespace = 'dure'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
    and a.attnum > 0 and not a.attisdropped`;

interface Column {
  readonly name: string;
  readonly type: string;
  readonly table: string;
  readonly omissible: boolean;
}

const columnsOf = async (client: Client) => (await client.query<Column>(columns)).rows;

/** What a call answers, by the types of its columns; it is not carried out. */
async function answerOf(client: Client, text: string): Promise<readonly string[]> {
  await client.query(`prepare looked as ${text}`);
  const { rows } = await client.query<{ types: readonly string[] }>(
    `select coalesce(result_types::text[], '{}') as types from pg_prepared_statements where name = 'looked'`,
  );
  await client.query('deallocate looked');
  return rows[0]?.types ?? assert.fail(text);
}

for (const last of await olderSchemas()) {
  test(`whoever was written for the schema of ${last} finds every function and column in the newest`, async () => {
    await using older = await olderDatabase(last);
    await connected(older.ownerUrl, async (client) => {
      const calls = (await client.query<{ text: string }>(callable)).rows.map(({ text }) => text);
      const answers = new Map<string, readonly string[]>();
      for (const text of calls) answers.set(text, await answerOf(client, text));
      assert.ok(calls.length > 40, `${calls.length} functions`);
      const before = await columnsOf(client);

      await older.migrate();

      for (const [text, types] of answers) {
        // A row may have become longer, but begins as it did.
        assert.deepEqual((await answerOf(client, text)).slice(0, types.length), types, text);
      }
      const after = new Map((await columnsOf(client)).map((column) => [column.name, column]));
      for (const { name, type } of before) assert.equal(after.get(name)?.type, type, name);
      const tables = new Set(before.map(({ table }) => table));
      const known = new Set(before.map(({ name }) => name));
      const added = [...after.values()].filter(({ name, table }) => tables.has(table) && !known.has(name));
      assert.deepEqual(
        added.filter(({ omissible, name }) => !omissible && name !== ofOneRow).map(({ name }) => name),
        [],
        'an older writer could not insert',
      );
    });
  });
}

/** A table of one row, which the schema itself has made. */
const ofOneRow = 'fence_mark.drained';

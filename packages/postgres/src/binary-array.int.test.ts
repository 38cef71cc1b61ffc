import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { float8Array, int4Array, jsonbArray, textArray } from './binary-array.ts';
import type { Connection } from './connection.ts';
import { openConnection } from './connection.ts';
import { sqlStateOf } from './sql-state.ts';
import { testDatabase } from './testing/index.ts';

async function session(url: string): Promise<Connection & AsyncDisposable> {
  const connection = await openConnection({ url, name: 'test', timeoutMs: 5_000, onLost: () => undefined });
  return Object.assign(connection, { [Symbol.asyncDispose]: () => connection.close() });
}

/** The server's own reading of an array. */
async function readBack(connection: Connection, type: string, array: Buffer): Promise<unknown> {
  const { rows } = await connection.query(`select to_jsonb($1::${type}[]) as read`, [array]);
  return rows[0]?.read;
}

describe('arrays in binary format are what the server takes them for', () => {
  test('of numbers, to their limits', async () => {
    await using database = await testDatabase();
    await using connection = await session(database.url);
    const whole = [0, 1, -1, 2_147_483_647, -2_147_483_648];
    const broken = [0, 0.1, -1.5, 1_764_412_703_123.25, Number.MAX_SAFE_INTEGER];
    assert.deepEqual(await readBack(connection, 'int4', int4Array(whole)), whole);
    assert.deepEqual(await readBack(connection, 'float8', float8Array(broken)), broken);
  });

  test('of texts: empty, absent, Korean, beyond the first plane, with quotes and braces', async () => {
    await using database = await testDatabase();
    await using connection = await session(database.url);
    const texts = ['', undefined, 'a', '두레', '🐂 so', '{"a",\\n}', undefined, 'NULL', '\u007f\u0080\uffff'];
    assert.deepEqual(
      await readBack(connection, 'text', textArray(texts)),
      texts.map((text) => text ?? null),
    );
  });

  test('of JSON, and of nothing at all', async () => {
    await using database = await testDatabase();
    await using connection = await session(database.url);
    const values = [{ name: '두레', list: [1, 2.5, null] }, [], 'text', 0, null];
    assert.deepEqual(
      await readBack(connection, 'jsonb', jsonbArray(values.map((value) => JSON.stringify(value)))),
      values,
    );
    for (const [type, none] of Object.entries({
      int4: int4Array([]),
      float8: float8Array([]),
      text: textArray([]),
      jsonb: jsonbArray([]),
    }))
      assert.deepEqual(await readBack(connection, type, none), []);
  });

  test('a text that no UTF-8 can say is refused, and not stored as another', async () => {
    await using database = await testDatabase();
    await using connection = await session(database.url);
    for (const text of ['half \ud83d', 'a\0b']) {
      const refused = await connection.query('select $1::text[]', [textArray([text])]).catch((error: unknown) => error);
      assert.equal(sqlStateOf(refused), '22021', text);
    }
  });
});

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ids, seededRandom, systemClock, systemRandom, wait } from '@dure/core';
import type { Connection } from '../connection.ts';
import { openConnection } from '../connection.ts';
import { testDatabase } from '../testing/index.ts';
import { advanceVariants, breakpoint } from './advance-variants.ts';
import { runFenceStress } from './stress.ts';

const clock = systemClock;
const seed = 20_261_120;

function session(url: string): Promise<Connection & AsyncDisposable> {
  return openConnection({ url, name: 'fence-test', timeoutMs: 5_000, onLost: () => undefined }).then((connection) =>
    Object.assign(connection, { [Symbol.asyncDispose]: () => connection.close() }),
  );
}

const message = (stream?: string) => ({
  ...{ id: crypto.randomUUID(), at: 1, kind: 'e', type: 't', version: 1, key: 'k', data: {}, meta: {} },
  stream,
  n: 1,
});

async function append(connection: Connection, stream?: string, expected = 'any'): Promise<number> {
  const heads = stream === undefined ? null : JSON.stringify([{ stream, expected, count: 1 }]);
  const answer = await connection.query('select dure.flush($1::jsonb, $2::jsonb) as pos', [
    JSON.stringify([message(stream)]),
    heads,
  ]);
  return answer.rows[0]?.pos as number;
}

/** One unit of work of each stream. */
async function appendTogether(connection: Connection, streams: readonly string[]): Promise<number> {
  const answer = await connection.query('select at from dure.flush_together($1::jsonb, $2, $3, $4)', [
    JSON.stringify(streams.map((stream, index) => ({ ...message(stream), u: index + 1 }))),
    streams,
    streams.map(() => 'any'),
    streams.map(() => 1),
  ]);
  return answer.rows[0]?.at as number;
}

async function advance(connection: Connection): Promise<number> {
  return (await connection.query('select dure.advance() as safe')).rows[0]?.safe as number;
}

async function positions(connection: Connection, after: number, upTo: number): Promise<readonly number[]> {
  const { rows } = await connection.query('select pos from dure.log where pos > $1 and pos <= $2 order by pos', [
    after,
    upTo,
  ]);
  return rows.map((row) => row.pos as number);
}

describe('the commit fence', () => {
  test('a position is safe only when every transaction that drew a lower one has ended', async () => {
    await using database = await testDatabase();
    await using slow = await session(database.url);
    await using fast = await session(database.url);
    await using reader = await session(database.url);
    await slow.query('begin');
    const low = await append(slow);
    const high = await append(fast);
    assert.ok(high > low);
    assert.ok((await advance(reader)) < low, 'the slow writer holds the mark back');
    await slow.query('commit');
    assert.equal(await advance(reader), high);
    assert.deepEqual(await positions(reader, 0, high), [low, high]);
  });

  test('what is committed together is behind it as well, and passes by the streams that others hold', async () => {
    await using database = await testDatabase();
    await using slow = await session(database.url);
    await using fast = await session(database.url);
    await append(fast, 'b');
    await slow.query('begin');
    const low = await appendTogether(slow, ['a', 'b']);
    const high = await append(fast);
    assert.ok((await advance(fast)) < low - 1, 'both of the slow writer hold the mark back');
    assert.equal(await appendTogether(fast, ['b', 'c']), high + 1, 'the head of b is held');
    await slow.query('commit');
    assert.equal(await advance(fast), high + 1);
    const { rows } = await fast.query('select stream, stream_version from dure.log order by pos');
    assert.deepEqual(
      rows.map(({ stream, stream_version }) => (stream === null ? '-' : `${stream}${stream_version}`)),
      ['b1', 'a1', 'b2', '-', 'c1'],
    );
  });

  test('a transaction that has not appended, in this database or another, holds nobody up', async () => {
    await using database = await testDatabase();
    await using elsewhere = await testDatabase();
    await using stranger = await session(elsewhere.ownerUrl);
    await using idle = await session(database.ownerUrl);
    await using writer = await session(database.url);
    await stranger.query('begin; create table open_for_long (n int)');
    await idle.query('begin; create table open_for_long (n int)');
    const position = await append(writer);
    assert.equal(await advance(writer), position);
  });

  test('numbers of transactions that rolled back or were killed are passed', async () => {
    await using database = await testDatabase();
    await using writer = await session(database.url);
    await using victim = await session(database.url);
    await writer.query('begin');
    await append(writer);
    await writer.query('rollback');
    await victim.query('begin');
    const pid = (await victim.query('select pg_backend_pid() as pid')).rows[0]?.pid;
    await append(victim);
    await writer.query('select pg_terminate_backend($1, 2000)', [pid]);
    const position = await append(writer);
    const until = clock.monotonicMs() + 2_000;
    while ((await advance(writer)) < position) assert.ok(clock.monotonicMs() < until);
    assert.deepEqual(await positions(writer, 0, position), [position]);
  });

  test('an append after a rollback to a savepoint is behind the fence again', async () => {
    await using database = await testDatabase();
    await using writer = await session(database.url);
    await using reader = await session(database.url);
    await writer.query('begin; savepoint s');
    await append(writer);
    await writer.query('rollback to savepoint s');
    const position = await append(writer);
    await append(reader);
    assert.ok((await advance(reader)) < position);
    await writer.query('commit');
    assert.ok((await advance(reader)) >= position);
  });

  test('a reader that dies while it advances leaves the fence as it was', async () => {
    await using database = await testDatabase();
    await using writer = await session(database.url);
    await using dying = await session(database.url);
    await using reader = await session(database.url);
    const position = await append(writer);
    await dying.query('begin');
    assert.equal(await advance(dying), position);
    assert.equal(await advance(reader), 0, 'the other reader sees the committed mark and is not blocked');
    await dying.query('rollback');
    assert.equal(await advance(reader), position);
  });

  test('writers of an epoch that a dying reader has closed are still waited for', async () => {
    await using database = await testDatabase();
    await using writer = await session(database.url);
    await using other = await session(database.url);
    await using dying = await session(database.url);
    await using reader = await session(database.url);
    await writer.query('begin');
    const position = await append(writer);
    await dying.query('begin');
    assert.equal(await advance(dying), 0);
    await dying.query('rollback');
    const later = await append(other);
    assert.ok((await advance(reader)) < position, 'the writer has not committed yet');
    await writer.query('commit');
    assert.equal(await advance(reader), later);
  });

  test('no function trusts what a sequence shows without its lock: a position may be told that nobody has drawn', async () => {
    await using database = await testDatabase();
    await using reader = await session(database.url);
    // `roll_log` only keeps partitions ahead, for which a number too high does no harm.
    const { rows } = await reader.query(
      `select proname from pg_proc where pronamespace = 'dure'::regnamespace and prosrc ~ '\\mlast_value\\M' and proname <> 'roll_log'`,
    );
    assert.deepEqual(rows, []);
  });

  test('versions of a stream grow with positions, and a wrong expectation appends nothing', async () => {
    await using database = await testDatabase();
    await using writer = await session(database.url);
    const conflict = (current: string) => (error: Error) => {
      assert.equal((error as { code?: string }).code, 'DU001');
      assert.equal((error as { detail?: string }).detail, current);
      return true;
    };
    await append(writer, 'a', 'none');
    await assert.rejects(append(writer, 'a', 'none'), conflict('1'));
    await append(writer, 'a', '1');
    await assert.rejects(append(writer, 'a', '1'), conflict('2'));
    await append(writer, 'a', 'exists');
    await assert.rejects(append(writer, 'b', 'exists'), conflict('0'));
    await append(writer, 'b', '0');
    const { rows } = await writer.query('select stream, stream_version from dure.log order by pos');
    assert.deepEqual(
      rows.map((row) => `${row.stream}${row.stream_version}`),
      ['a1', 'a2', 'a3', 'b1'],
    );
  });

  test('nobody who runs the service can change what stands in the log', async () => {
    await using database = await testDatabase();
    await using writer = await session(database.url);
    await append(writer);
    await assert.rejects(writer.query(`update dure.log set type = 'x'`), /permission denied/);
    await assert.rejects(writer.query('delete from dure.log'), /permission denied/);
  });
});

describe('the order of the two steps in advance()', () => {
  /** A writer appends exactly between the two steps and commits after the reader has read. */
  async function race(variant: 'asShipped' | 'swapped'): Promise<{ readonly position: number; readonly safe: number }> {
    await using database = await testDatabase();
    await advanceVariants(database.ownerUrl).install(variant, `perform pg_advisory_xact_lock_shared(${breakpoint});`);
    await using gate = await session(database.url);
    await using reader = await session(database.url);
    await using writer = await session(database.url);
    await append(writer);
    await gate.query(`select pg_advisory_lock(${breakpoint})`);
    const advancing = advance(reader);
    const waiting = `select 1 from pg_locks where locktype = 'advisory' and objid = ${breakpoint} and not granted`;
    while ((await gate.query(waiting)).rowCount === 0) await wait(clock, 1);
    await writer.query('begin');
    const position = await append(writer);
    await gate.query(`select pg_advisory_unlock(${breakpoint})`);
    const safe = await advancing;
    assert.deepEqual(await positions(reader, 1, safe), [], 'the writer has not committed yet');
    await writer.query('commit');
    return { position, safe };
  }

  test('as shipped, the mark stays below a writer that appears between them', async () => {
    const { position, safe } = await race('asShipped');
    assert.ok(safe < position);
  });

  test('swapped, the mark passes that writer and its message is lost', async () => {
    const { position, safe } = await race('swapped');
    assert.ok(safe >= position);
  });
});

describe('the fence stress', () => {
  const options = { clock, ids: ids(clock, systemRandom), writers: 10, services: 1, readers: 3 };

  test('finds nothing lost, doubled or out of order', async () => {
    await using database = await testDatabase();
    const random = seededRandom(seed);
    const report = await runFenceStress({
      ...options,
      random,
      url: database.url,
      seconds: 4,
      events: 3_000,
      killEveryMs: 100,
    });
    const { lost, doubled, inverted, forgotten, killed, commitsTogether, faults } = report;
    assert.deepEqual(
      { lost, doubled, inverted, forgotten, faults },
      { lost: 0, doubled: 0, inverted: 0, forgotten: 0, faults: [] },
      `seed ${seed}`,
    );
    assert.ok(killed > 10 && commitsTogether > 10, `${killed} killed, ${commitsTogether} commits of several units`);
  });

  test('notices the loss when the two steps are swapped', async () => {
    await using database = await testDatabase();
    await advanceVariants(database.ownerUrl).install('swapped', 'perform pg_sleep(0.02);');
    const report = await runFenceStress({
      ...options,
      random: seededRandom(seed),
      url: database.url,
      seconds: 60, // It takes less than one, but on a machine that is busy with others.
      events: 0,
      killEveryMs: 0,
      stopAtFirstFault: true,
    });
    assert.ok(report.lost > 0, `the wrong order must lose messages; seed ${seed}`);
  });
});

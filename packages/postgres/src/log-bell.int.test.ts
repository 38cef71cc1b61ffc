import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { FakeClock } from '@dure/core/testing';
import { fakeClock, testCall } from '@dure/core/testing';
import { noted } from '@dure/messaging/testing';
import { sql } from 'kysely';
import { openConnection } from './connection.ts';
import type { Database } from './database.ts';
import type { Tables } from './fixtures/counter-kit.ts';
import { control, database, open } from './fixtures/counter-kit.ts';
import { until } from './fixtures/until.ts';
import type { Companions } from './log-bell.ts';

/** Others that come and go. */
class Changing implements Companions {
  #told = new Set<() => void>();
  #present: boolean;

  constructor(present: boolean) {
    this.#present = present;
  }

  get present(): boolean {
    return this.#present;
  }

  set present(present: boolean) {
    this.#present = present;
    for (const told of this.#told) told();
  }

  onChange(told: () => void): () => void {
    this.#told.add(told);
    return () => void this.#told.delete(told);
  }
}

const note = (db: Database<Tables>, key: string) => db.uow(testCall(), async (tx) => tx.emit(noted, { key, count: 1 }));
const bells = async () => {
  const { rows } = await sql<{ pid: number }>`select pid from pg_stat_activity
    where application_name = 'test bell' and datname = current_database() and query like '%listen%'`.execute(
    control.read,
  );
  return rows.map(({ pid }) => pid);
};
const untilBells = (count: number) => until(`${count} processes listen`, async () => (await bells()).length === count);

/** A process whose clock stands still, so that it looks only when it is told to. */
function process(companions: Companions): { readonly db: Database<Tables>; readonly clock: FakeClock } {
  const clock = fakeClock();
  return { db: open({ clock, serverTime: true, companions }), clock };
}

/** The keys that a process sees, as they come. */
function seen(db: Database<Tables>, signal: AbortSignal): readonly string[] {
  const keys: string[] = [];
  const follow = async () => {
    for await (const { messages } of db.tail.follow('now', 'all', signal)) keys.push(...messages.map(({ key }) => key));
  };
  void follow();
  return keys;
}

/** Listens as a process would, and counts. */
async function listener() {
  let heard = 0;
  const connection = await openConnection({
    url: database.url,
    name: 'listener',
    timeoutMs: 5_000,
    onLost: () => undefined,
    onNotification: () => {
      heard += 1;
    },
  });
  await connection.query('listen dure_log');
  return {
    /** How often: everything that was sent before is heard. */
    async heard() {
      await connection.query('select 1');
      return heard;
    },
    [Symbol.asyncDispose]: () => connection.close(),
  };
}

describe('the bell of a log', () => {
  test('lets a process see what another commits, without looking by itself', async () => {
    const [one, other] = [process(new Changing(true)), process(new Changing(true))];
    await using _one = one.db;
    await using _other = other.db;
    await untilBells(2);
    const end = new AbortController();
    const keys = seen(other.db, end.signal);
    await until('it waits for news', async () => other.clock.pending > 0);
    await note(one.db, 'rung');
    await until('it has seen them', async () => keys.includes('rung'));
    end.abort();
  });

  test('rings at once, and then at most once in 20 ms, for itself and for nobody within its process', async () => {
    const { db, clock } = process(new Changing(true));
    await using _db = db;
    await untilBells(1);
    await using other = await listener();
    for (const key of ['a', 'b', 'c']) await note(db, key);
    await until('it has rung', async () => (await other.heard()) === 1);
    await clock.advance(19);
    assert.equal(await other.heard(), 1);
    await clock.advance(1);
    await until('it has rung again', async () => (await other.heard()) === 2);
    await clock.advance(1_000);
    assert.equal(await other.heard(), 2);
    await note(db, 'd');
    await until('it rings for the next', async () => (await other.heard()) === 3);
  });

  test('has a session only while there are others, and sends nothing without them', async () => {
    const companions = new Changing(false);
    const { db } = process(companions);
    await using other = await listener();
    await note(db, 'alone');
    assert.deepEqual([await bells(), await other.heard()], [[], 0]);
    companions.present = true;
    await untilBells(1);
    companions.present = false;
    await untilBells(0);
    companions.present = true;
    await untilBells(1);
    await db.close();
    await untilBells(0);
    companions.present = true;
    assert.deepEqual(await bells(), []);
  });

  test('whose session is lost comes again', async () => {
    const [one, other] = [process(new Changing(true)), process(new Changing(true))];
    await using _one = one.db;
    await using _other = other.db;
    await untilBells(2);
    for (const pid of await bells()) await sql`select pg_terminate_backend(${pid}, 2000)`.execute(control.read);
    await until('both listen again', async () => {
      for (const { clock } of [one, other]) await clock.advance(5_000);
      return (await bells()).length === 2;
    });
    const end = new AbortController();
    const keys = seen(other.db, end.signal);
    await until('it waits for news', async () => other.clock.pending > 0);
    await note(one.db, 'rung again');
    await until('it has seen them', async () => keys.includes('rung again'));
    end.abort();
  });
});

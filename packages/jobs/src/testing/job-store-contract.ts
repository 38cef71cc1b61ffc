import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { FakeClock } from '@dure/core/testing';
import { fakeClock, testCall } from '@dure/core/testing';
import type { Outbox } from '@dure/messaging';
import type { DatabaseUnderTest } from '@dure/messaging/testing';
import { noted } from '@dure/messaging/testing';
import type { Chunk } from '../job.ts';
import type { JobLease, JobStore } from '../job-store.port.ts';

/** A database adapter whose jobs are tested. */
export interface JobsUnderTest<Tx extends Outbox> extends DatabaseUnderTest<Tx> {
  readonly jobs: JobStore<Tx>;
}

const leaseMs = 10_000;
const [me, other] = ['process a', 'process b'];
const id = (at: number) => `01930000-0000-7000-8000-00000000000${at}`;

/** The contract of `JobStore`; the database goes by the clock that it is given. */
export function jobStoreContract<Tx extends Outbox>(
  name: string,
  open: (clock: FakeClock) => Promise<JobsUnderTest<Tx>>,
): void {
  const world = async () => {
    const clock = fakeClock();
    const db = await open(clock);
    const add = (at: number, job = 'j', args: unknown = {}) =>
      db.jobs.add({ id: id(at), job, at: clock.now() + at, args, by: 'mina' });
    const claim = async (owner = me): Promise<JobLease> => {
      const lease = await db.jobs.claim(['j'], owner, leaseMs);
      assert.ok(lease !== undefined);
      return lease;
    };
    const step = (lease: JobLease, outcome: Chunk<unknown>) =>
      db.jobs.step(lease, leaseMs, testCall(), async (tx) => {
        await db.count(tx, 'chunks');
        tx.emit(noted, { key: 'k', count: 1 });
        return outcome;
      });
    const stateOf = async (at: number) => (await db.jobs.find(id(at)))?.state;
    return { db, clock, add, claim, step, stateOf, [Symbol.asyncDispose]: () => db[Symbol.asyncDispose]() };
  };

  describe(`${name}: jobs`, () => {
    test('a run that somebody asks for waits, is worked on, and keeps what it came to', async () => {
      await using it = await world();
      await it.add(1, 'j', { of: [1, 'two'] });
      const lease = await it.claim();
      assert.deepEqual(
        [lease.id, lease.args, lease.by, lease.progress],
        [id(1), { of: [1, 'two'] }, 'mina', undefined],
      );
      assert.deepEqual(await it.step(lease, { more: { after: 7 } }), {
        kind: 'stepped',
        chunk: { more: { after: 7 } },
      });
      await it.step(lease, { done: { rows: 12 } });
      const run = await it.db.jobs.find(id(1));
      assert.deepEqual(
        [run?.state, run?.progress, run?.result, run?.chunks, run?.finishedAt],
        ['done', { after: 7 }, { rows: 12 }, 2, it.clock.now()],
      );
      assert.equal(await it.db.counted('chunks'), 2);
    });

    test('for each moment of a schedule there is one run, and none for what was before the job was known', async () => {
      await using it = await world();
      const since = await it.db.jobs.know('j');
      assert.equal(await it.db.jobs.addDue('j', since, id(1)), false);
      const added = await Promise.all([2, 3, 4].map((at) => it.db.jobs.addDue('j', since + 60_000, id(at))));
      assert.equal(added.filter((one) => one).length, 1);
      assert.equal(await it.db.jobs.addDue('j', since + 30_000, id(5)), false);
      assert.equal(await it.db.jobs.know('j'), since + 60_000);
      const [run, ...more] = await it.db.jobs.list({ limit: 10 });
      assert.deepEqual([run?.at, run?.by, run?.args, more], [since + 60_000, undefined, {}, []]);
    });

    test('of each job one run at a time is worked on, the oldest first; other jobs are not held up', async () => {
      await using it = await world();
      await it.add(2);
      await it.add(1);
      await it.add(3, 'other');
      const first = await it.claim();
      assert.equal(first.id, id(1));
      assert.equal(await it.db.jobs.claim(['j'], other, leaseMs), undefined);
      assert.equal((await it.db.jobs.claim(['j', 'other'], other, leaseMs))?.id, id(3));
      await it.step(first, { done: null });
      assert.equal((await it.claim(other)).id, id(2));
    });

    test('of rivals that claim at the same time, one gets the run', async () => {
      await using it = await world();
      await it.add(1);
      const claims = await Promise.all([1, 2, 3, 4].map((at) => it.db.jobs.claim(['j'], `p${at}`, leaseMs)));
      assert.equal(claims.filter((lease) => lease !== undefined).length, 1);
    });

    test('a run whose process is not heard of goes on in another after the last chunk; the first commits nothing more', async () => {
      await using it = await world();
      await it.add(1);
      const lost = await it.claim();
      await it.step(lost, { more: 5 });
      await it.clock.advance(leaseMs);
      const taken = await it.claim(other);
      assert.deepEqual([taken.id, taken.progress, taken.chunks], [id(1), 5, 1]);
      assert.deepEqual(await it.step(lost, { more: 6 }), { kind: 'lost' });
      assert.equal(await it.db.jobs.renew(lost, leaseMs), false);
      await it.db.jobs.fail(lost, 'no', undefined);
      await it.db.jobs.release(lost);
      assert.equal(await it.stateOf(1), 'running');
      assert.equal(await it.db.counted('chunks'), 1);
      assert.equal((await it.db.log.read(0, 'all', 10)).messages.length, 1);
    });

    test('a lease is renewed by each chunk and by a sign of life', async () => {
      await using it = await world();
      await it.add(1);
      const lease = await it.claim();
      await it.clock.advance(leaseMs - 1);
      assert.equal(await it.db.jobs.renew(lease, leaseMs), true);
      await it.clock.advance(leaseMs - 1);
      await it.step(lease, { more: 1 });
      await it.clock.advance(leaseMs - 1);
      assert.equal(await it.db.jobs.claim(['j'], other, leaseMs), undefined);
    });

    test('a chunk that throws leaves nothing', async () => {
      await using it = await world();
      await it.add(1);
      const failing = it.db.jobs.step(await it.claim(), leaseMs, testCall(), async (tx) => {
        await it.db.count(tx, 'chunks');
        throw new TypeError('no');
      });
      await assert.rejects(failing, /no/);
      assert.equal(await it.db.counted('chunks'), 0);
      assert.equal((await it.db.jobs.find(id(1)))?.chunks, 0);
    });

    test('a failure is tried again at its time, or is the end; a run that has failed can be resumed where it was', async () => {
      await using it = await world();
      await it.add(1);
      await it.step(await it.claim(), { more: 3 });
      await it.clock.advance(leaseMs);
      await it.db.jobs.fail(await it.claim(), 'not now', it.clock.now() + 500);
      assert.equal(await it.db.jobs.claim(['j'], me, leaseMs), undefined);
      await it.clock.advance(500);
      const again = await it.claim();
      assert.deepEqual([again.failures, again.error, again.progress], [1, 'not now', 3]);
      await it.db.jobs.fail(again, 'never', undefined);
      assert.deepEqual([await it.stateOf(1), await it.db.jobs.claim(['j'], me, leaseMs)], ['failed', undefined]);
      assert.equal(await it.db.jobs.resume(id(1)), true);
      assert.equal(await it.db.jobs.resume(id(1)), false);
      assert.deepEqual((await it.claim()).failures, 0);
    });

    test('a run that is stopped commits nothing more, and can be resumed', async () => {
      await using it = await world();
      await it.add(1);
      const lease = await it.claim();
      assert.equal(await it.db.jobs.stop(id(1)), true);
      assert.equal(await it.db.jobs.stop(id(1)), false);
      assert.deepEqual(await it.step(lease, { more: 1 }), { kind: 'lost' });
      assert.equal(await it.db.jobs.claim(['j'], me, leaseMs), undefined);
      assert.equal(await it.db.jobs.resume(id(1)), true);
      assert.equal((await it.claim()).id, id(1));
    });

    test('a run that is left is free at once, and the latest runs are listed first', async () => {
      await using it = await world();
      await it.add(1);
      await it.add(2);
      await it.db.jobs.release(await it.claim());
      assert.equal((await it.claim(other)).id, id(1));
      assert.deepEqual(
        (await it.db.jobs.list({ job: 'j', limit: 10 })).map((run) => [run.id, run.state]),
        [
          [id(2), 'waiting'],
          [id(1), 'running'],
        ],
      );
      assert.deepEqual(await it.db.jobs.list({ job: 'nobody', limit: 10 }), []);
      assert.equal(await it.db.jobs.find(id(9)), undefined);
    });
  });
}

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ids, randomInteger, seededRandom, systemClock, systemRandom, wait } from '@dure/core';
import { readerCheck } from '../fence/reader-check.ts';
import { readByHand } from '../fence/stress-readers.ts';
import { newTally } from '../fence/stress-tally.ts';
import { olderDatabase, olderSchemas } from '../fixtures/older-schema.ts';
import { olderService } from '../fixtures/older-service.ts';
import { until } from '../fixtures/until.ts';
import { connected } from '../provisioning/connect.ts';

const seed = Number(process.env.SEED ?? randomInteger(systemRandom, 1, 2 ** 31 - 1));
const clock = systemClock;
const beforehand = 300;
const afterwards = 300;

for (const last of await olderSchemas()) {
  test(`a service of the schema of ${last} goes on working while a newer one migrates, and loses nothing`, async (context) => {
    await using older = await olderDatabase(last);
    await connected(older.ownerUrl, (owner) =>
      owner.query(`create table effect (pos bigint not null); select dure.open_follower('f', 0)`),
    );
    const kit = { url: older.url, clock, random: seededRandom(seed), ids: ids(clock, systemRandom), tally: newTally() };
    const [stop, read] = [new AbortController(), new AbortController()];
    const checks = [readerCheck(), readerCheck()];
    const reading = checks.map((check) => readByHand(kit, check, read.signal));
    const { calls, ended } = olderService(kit, stop.signal);
    const written = () => kit.tally.acknowledged.size;
    await until('there is a log', async () => written() > beforehand, 20_000);
    const before = written();
    await older.migrate();
    const meanwhile = written() - before;
    const upTo = written() + afterwards;
    await until('it goes on', async () => written() > upTo, 20_000);
    await wait(clock, 200);
    stop.abort();
    await ended;
    await connected(older.ownerUrl, async (owner) => {
      const count = async (text: string) => Number((await owner.query<{ n: string }>(text)).rows[0]?.n);
      const [end, inLog] = [
        await count('select max(pos) as n from dure.log'),
        await count('select count(*) as n from dure.log'),
      ];
      await until('the readers are at the end', async () => checks.every(({ position }) => position >= end), 10_000);
      read.abort();
      await Promise.all(reading);
      context.diagnostic(
        JSON.stringify({
          seed,
          inLog,
          meanwhile,
          again: Object.fromEntries(calls.again),
          slowestMs: Math.round(calls.slowestMs),
        }),
      );
      assert.deepEqual(calls.failures, []);
      for (const { seen, doubled, inverted, faults, numbers } of checks) {
        assert.deepEqual({ seen, doubled, inverted, faults }, { seen: inLog, doubled: 0, inverted: 0, faults: [] });
        for (let number = 1; number <= kit.tally.drawn; number += 1)
          assert.ok(!kit.tally.acknowledged.has(number) || numbers.has(number), `${number} is acknowledged and gone`);
      }
      const doubled = await count(
        'select count(*) as n from (select from effect group by pos having count(*) > 1) as d',
      );
      const gone = await count(
        `select count(*) as n from dure.log l where pos <= (select max(pos) from effect) and not exists (select from effect e where e.pos = l.pos)`,
      );
      assert.deepEqual({ doubled, gone }, { doubled: 0, gone: 0 }, 'effects');
    });
  });
}

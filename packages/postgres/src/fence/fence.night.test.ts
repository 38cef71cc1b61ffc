import assert from 'node:assert/strict';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { ids, randomInteger, seededRandom, systemClock, systemRandom, wait } from '@dure/core';
import { openConnection } from '../connection.ts';
import { restartingPostgres } from '../fixtures/restarting-postgres.ts';
import { migrate } from '../migrations/migrate.ts';
import { provisionDatabases } from '../provisioning/provision-databases.ts';
import type { StressOptions } from './stress.ts';
import { runFenceStress } from './stress.ts';

const clock = systemClock;
const seed = randomInteger(systemRandom, 1, 2 ** 31 - 1);
const minutes = 10;

test(`over ${minutes} minutes and six restarts of PostgreSQL nothing is lost, doubled or out of order`, async (context) => {
  const { report, restarts, openTransactions } = await stressed({ durable: true, seconds: minutes * 60, restarts: 6 });
  context.diagnostic(JSON.stringify({ seed, restarts, openTransactions, ...report }));
  const { lost, doubled, inverted, forgotten, faults } = report;
  assert.deepEqual(
    { lost, doubled, inverted, forgotten, faults },
    { lost: 0, doubled: 0, inverted: 0, forgotten: 0, faults: [] },
    `seed ${seed}`,
  );
  assert.deepEqual(restarts, ['immediate', 'fast', 'immediate', 'fast', 'immediate', 'fast']);
  assert.equal(openTransactions, 7, 'one before the first restart, and one after each');
  const { events, killed, commitsTogether } = report;
  assert.ok(Math.min(events / 10_000, killed / 100, commitsTogether / 100) > 1, 'too little has happened');
});

test('where a COMMIT does not wait for the disk, the same finds what a restart has forgotten', async (context) => {
  const { report } = await stressed({ durable: false, seconds: 15, restarts: 2 });
  context.diagnostic(JSON.stringify({ seed, ...report }));
  assert.ok(report.forgotten > 0, `seed ${seed}`);
});

/** The stress in a cluster of its own, which is restarted evenly over its time, while a transaction that writes stands open in another database. */
async function stressed({ durable, seconds, restarts }: { durable: boolean; seconds: number; restarts: number }) {
  const folder = await mkdtemp(join(tmpdir(), 'dure-fence-'));
  await chmod(folder, 0o711); // As root the server runs as another user.
  try {
    await using postgres = await restartingPostgres({ folder, durable });
    const named = (service: string) => ({ service, ownerPassword: 'p', password: 'p' });
    const databases = [named('stress'), named('elsewhere')];
    const [made, elsewhere] = await provisionDatabases({
      adminUrl: postgres.adminUrl,
      databases,
      random: systemRandom,
    });
    await migrate({ url: made?.ownerUrl ?? '', service: 'stress', seeds: false, clock });
    const over = new AbortController();
    const options = {
      ...{ url: made?.url ?? '', clock, ids: ids(clock, systemRandom), random: seededRandom(seed) },
      ...{ seconds, events: 0, writers: 10, services: 1, readers: 3, killEveryMs: 250 },
    } satisfies StressOptions;
    const holding = holdOpen(elsewhere?.ownerUrl ?? '', over.signal);
    const restarting = restartEvenly(postgres, seconds, restarts);
    const report = await runFenceStress(options);
    over.abort();
    return { report, restarts: await restarting, openTransactions: await holding };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function restartEvenly(
  postgres: Pick<Awaited<ReturnType<typeof restartingPostgres>>, 'restart'>,
  seconds: number,
  restarts: number,
): Promise<readonly string[]> {
  const done: string[] = [];
  for (let restart = 0; restart < restarts; restart += 1) {
    await wait(clock, (seconds * 1_000) / (restarts + 1));
    const how = restart % 2 === 0 ? 'immediate' : 'fast';
    await postgres.restart(how);
    done.push(how);
  }
  return done;
}

/** Keeps a transaction open that has written, and begins another when it has ended with the server; returns how many there were. */
async function holdOpen(url: string, over: AbortSignal): Promise<number> {
  let opened = 0;
  while (!over.aborted) {
    const { promise: ended, resolve: end } = Promise.withResolvers<void>();
    over.addEventListener('abort', () => end(), { once: true });
    try {
      const connection = await openConnection({ url, name: 'elsewhere', timeoutMs: 5_000, onLost: end });
      await connection.query('set idle_in_transaction_session_timeout = 0');
      await connection.query('begin');
      await connection.query('create table open_for_long (n int)');
      await connection.query('insert into open_for_long values (1)');
      opened += 1;
      await ended;
      await connection.close();
    } catch {
      await wait(clock, 50);
    }
  }
  return opened;
}

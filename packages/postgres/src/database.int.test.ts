import type { Clock } from '@dure/core';
import { ids, systemClock, systemRandom, wait } from '@dure/core';
import type { JobsUnderTest } from '@dure/jobs/testing';
import { jobStoreContract } from '@dure/jobs/testing';
import type { FollowersUnderTest, ParkingUnderTest, TimersUnderTest } from '@dure/messaging/testing';
import {
  deliveryOperationsContract,
  deliveryStoreContract,
  followerStoreContract,
  idempotencyContract,
  inboxContract,
  messageLogContract,
  parkedKeysContract,
  parkingContract,
  relayStoreContract,
  timerStoreContract,
  togetherContract,
  unitOfWorkContract,
} from '@dure/messaging/testing';
import { silentTelemetry } from '@dure/telemetry';
import { sql } from 'kysely';
import { openDatabase } from './database.ts';
import { testDatabase } from './testing/index.ts';
import type { Tx } from './transaction.ts';

interface Tables {
  counter: { name: string; count: number };
}

const open = () => openAt(systemClock);

async function openAt(
  clock: Clock,
): Promise<
  FollowersUnderTest<Tx<Tables>> &
    TimersUnderTest<Tx<Tables>> &
    JobsUnderTest<Tx<Tables>> &
    ParkingUnderTest<Tx<Tables>>
> {
  const database = await testDatabase({ folder: `${import.meta.dirname}/fixtures/counter` });
  const db = openDatabase<Tables>({
    url: database.url,
    service: 'test',
    clock,
    ids: ids(clock, systemRandom),
    telemetry: silentTelemetry(),
  });
  return {
    uow: db.uow,
    log: db.log,
    deliveries: db.deliveries,
    parking: db.parking,
    followers: db.followers,
    timers: db.timers,
    jobs: db.jobs,
    idempotency: db.idempotency,
    async count(tx, name) {
      await tx.db
        .insertInto('counter')
        .values({ name, count: 1 })
        .onConflict((on) => on.column('name').doUpdateSet({ count: sql`counter.count + 1` }))
        .execute();
    },
    async counted(name) {
      const row = await db.read.selectFrom('counter').select('count').where('name', '=', name).executeTakeFirst();
      return row?.count ?? 0;
    },
    async [Symbol.asyncDispose]() {
      await db.close();
      await database[Symbol.asyncDispose]();
    },
  };
}

unitOfWorkContract('PostgreSQL', open);
messageLogContract('PostgreSQL', open);
deliveryStoreContract('PostgreSQL', open);
parkedKeysContract('PostgreSQL', open);
parkingContract('PostgreSQL', open);
inboxContract('PostgreSQL', open);

togetherContract('PostgreSQL', open);
deliveryOperationsContract('PostgreSQL', open);
idempotencyContract('PostgreSQL', open);
followerStoreContract('PostgreSQL', openAt);
timerStoreContract('PostgreSQL', openAt);
jobStoreContract('PostgreSQL', openAt);
relayStoreContract('PostgreSQL', async () => {
  const database = await testDatabase();
  const clock = systemClock;
  const made = ids(clock, systemRandom);
  const db = openDatabase({ url: database.url, service: 'test', clock, ids: made, telemetry: silentTelemetry() });
  return {
    store: db.relay,
    pass: async (ms) => void (await wait(clock, ms)),
    async [Symbol.asyncDispose]() {
      await db.close();
      await database[Symbol.asyncDispose]();
    },
  };
});

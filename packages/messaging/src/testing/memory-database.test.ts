import type { FakeClock } from '@dure/core/testing';
import { fakeClock, testIds } from '@dure/core/testing';
import type { AsksUnderTest } from './ask-store-contract.ts';
import { askStoreContract } from './ask-store-contract.ts';
import { idempotencyContract, messageLogContract, unitOfWorkContract } from './database-contract.ts';
import { deliveryStoreContract, parkedKeysContract } from './delivery-contract.ts';
import { deliveryOperationsContract } from './delivery-operations-contract.ts';
import type { FollowersUnderTest } from './follower-store-contract.ts';
import { followerStoreContract } from './follower-store-contract.ts';
import { inboxContract } from './inbox-contract.ts';
import { memoryDatabase } from './memory-database.ts';
import type { MemoryTx } from './memory-tx.ts';
import type { ParkingUnderTest } from './parking-contract.ts';
import { parkingContract } from './parking-contract.ts';
import type { PayloadsUnderTest } from './payload-store-contract.ts';
import { payloadStoreContract } from './payload-store-contract.ts';
import type { ReplaysUnderTest } from './replay-store-contract.ts';
import { replayStoreContract } from './replay-store-contract.ts';
import type { TimersUnderTest } from './timer-store-contract.ts';
import { timerStoreContract } from './timer-store-contract.ts';
import { togetherContract } from './together-contract.ts';

const open = () => openAt(fakeClock());

async function openAt(
  clock: FakeClock,
): Promise<
  FollowersUnderTest<MemoryTx> &
    TimersUnderTest<MemoryTx> &
    ParkingUnderTest<MemoryTx> &
    ReplaysUnderTest<MemoryTx> &
    AsksUnderTest<MemoryTx> &
    PayloadsUnderTest<MemoryTx>
> {
  const db = memoryDatabase({ service: 'test', clock, ids: testIds() });
  const number = (value: unknown) => (typeof value === 'number' ? value : 0);
  return {
    ...db,
    now: () => clock.now(),
    count: async (tx, name) => tx.set(name, number(tx.get(name)) + 1),
    counted: async (name) => number(db.values.get(name)),
    [Symbol.asyncDispose]: async () => undefined,
  };
}

unitOfWorkContract('in memory', open);
messageLogContract('in memory', open);
deliveryStoreContract('in memory', open);
parkedKeysContract('in memory', open);

togetherContract('in memory', open);
inboxContract('in memory', open);
deliveryOperationsContract('in memory', open);
idempotencyContract('in memory', open);
askStoreContract('in memory', open);
payloadStoreContract('in memory', open);
replayStoreContract('in memory', open);
followerStoreContract('in memory', openAt);
parkingContract('in memory', open);
timerStoreContract('in memory', openAt);

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ids, parseTraceparent, Refusal, startCall, systemClock, systemRandom } from '@dure/core';
import { testCall } from '@dure/core/testing';
import type { Message, ReplyData } from '@dure/messaging';
import type { AnySaga, SagaEnd } from '@dure/saga';
import { fenced, sagaRunner, stateOf } from '@dure/saga';
import type { FenceUnderTest } from '@dure/saga/testing';
import {
  claimStoreContract,
  flowStoreContract,
  sagaFenceContract,
  sagaStoreContract,
  sampleAnswers,
  sampleSaga,
} from '@dure/saga/testing';
import { silentTelemetry } from '@dure/telemetry';
import { sql } from 'kysely';
import { openDatabase } from '../database.ts';
import { testDatabase } from '../testing/index.ts';
import type { Tx } from '../transaction.ts';
import { postgresClaims } from './postgres-claims.ts';
import { postgresFlowStore } from './postgres-flow-store.ts';
import { postgresSagaFence } from './postgres-saga-fence.ts';
import { postgresSagaStore } from './postgres-saga-store.ts';
import { startSagas } from './start-saga.ts';

const clock = systemClock;
const own = ids(clock, systemRandom);
const telemetry = silentTelemetry();
const everything = { events: [], destination: undefined };

/** The sample saga, writing into a table when it ends; `ends` may be told to fail. */
const ends = { failing: false };
const end: SagaEnd<Tx> = {
  completed: async (tx, { input }) => note(tx, `${(input as { orderId: string }).orderId} completed`),
  compensated: async (tx, { input }, why) => {
    await note(tx, `${(input as { orderId: string }).orderId} ${why.reason === 'refused' ? why.code : why.reason}`);
    if (ends.failing) await sql`select 1 / 0`.execute(tx.db);
  },
};
const buy = { ...sampleSaga, end } as unknown as AnySaga & typeof sampleSaga;

async function note(tx: Tx, name: string): Promise<void> {
  await sql`insert into counter (name, count) values (${name}, 1)
    on conflict (name) do update set count = counter.count + 1`.execute(tx.db);
}

async function open(service = 'test') {
  const files = await testDatabase({ folder: `${import.meta.dirname}/../fixtures/counter` });
  const startSaga = startSagas({ definitions: [buy, sampleSaga], clock, ids: own });
  const db = openDatabase({ url: files.url, service, clock, ids: own, telemetry, startSaga });
  return {
    db,
    uow: db.uow,
    store: postgresSagaStore(db),
    async messages() {
      const page = await db.log.read(0, { ...everything, destination: undefined }, 1_000);
      assert.equal(page.messages.length, 0);
      const all = await Promise.all(
        ['stock', 'money', 'mail', 'carrier'].map((destination) => db.log.read(0, { events: [], destination }, 1_000)),
      );
      return all.flatMap(({ messages }) => messages).sort((a, b) => a.position - b.position);
    },
    async counted(name: string) {
      const { rows } = await sql<{ count: number }>`select count from counter where name = ${name}`.execute(db.read);
      return rows[0]?.count ?? 0;
    },
    async [Symbol.asyncDispose]() {
      await db.close();
      await files[Symbol.asyncDispose]();
    },
  };
}

sagaStoreContract('PostgreSQL', () => open());
flowStoreContract<Tx>('PostgreSQL', async () => ({ ...(await open()), flows: postgresFlowStore() }));
claimStoreContract<Tx>('PostgreSQL', async () => ({
  ...(await open()),
  fence: postgresSagaFence(),
  claims: postgresClaims(),
}));
sagaFenceContract<Tx>('PostgreSQL', async (): Promise<FenceUnderTest<Tx>> => {
  const under = await open();
  return { ...under, fence: postgresSagaFence(), count: note, counted: under.counted };
});

type Opened = Awaited<ReturnType<typeof open>>;
type Carry = (message: Message, tx: Tx) => Promise<ReplyData>;

function callOf({ meta }: Message) {
  const trace = parseTraceparent(meta.traceparent);
  assert.ok(trace !== undefined);
  return startCall({ trace });
}

/** Carries messages to and fro between a service and one participant, until nothing moves any more. */
async function settle(service: Opened, participant: Opened, carry: Carry): Promise<readonly Message[]> {
  const runner = sagaRunner({
    service: 'test',
    definitions: [buy],
    store: service.store,
    unitOfWork: service.db,
    clock,
    ids: own,
    telemetry,
  });
  const guard = fenced(postgresSagaFence());
  const seen: Message[] = [];
  for (let moved = true; moved; ) {
    moved = false;
    for (const message of await service.messages()) {
      const outcome = await participant.db.deliveries.deliver(message, callOf(message), (tx) =>
        guard(message, tx as Tx, () => carry(message, tx as Tx)),
      );
      moved ||= outcome === 'applied';
    }
    const replies = await participant.db.log.read(0, { events: [], destination: 'test' }, 1_000);
    for (const message of replies.messages) {
      const call = callOf(message);
      const outcome = await service.db.deliveries.deliver(message, call, async (tx) => {
        await runner.handleReply(message, call, tx as Tx);
        return undefined;
      });
      if (outcome === 'applied') seen.push(message);
      moved ||= outcome === 'applied';
    }
  }
  return seen;
}

async function place(service: Opened, orderId: string): Promise<void> {
  await service.uow(testCall(), async (tx) => {
    await note(tx, `${orderId} placed`);
    tx.start(buy, { orderId, count: 1 });
  });
}

const succeed: Carry = async ({ type }, tx) => {
  await note(tx, type);
  const step = type.slice(type.indexOf('.') + 1) as keyof typeof sampleAnswers;
  return { ok: true, value: sampleAnswers[step] ?? null };
};

test('a saga runs over two logs to its end, in one trace', async () => {
  await using service = await open();
  await using participant = await open('stock');
  await place(service, 'o-1');
  const replies = await settle(service, participant, succeed);
  const [instance] = await service.store.list({ limit: 1 });
  assert.equal(instance && stateOf(instance), 'completed');
  assert.equal(await service.counted('o-1 completed'), 1);
  const traces = [...(await service.messages()), ...replies].map(({ meta }) => meta.traceparent?.slice(3, 35));
  assert.deepEqual([...new Set(traces)], [testCall().trace.traceId]);
  assert.deepEqual(
    (await service.store.history(instance?.id ?? '')).map(({ what, step }) =>
      step === undefined ? what : `${what} ${step}`,
    ),
    [
      'started',
      ...['reserve', 'authorise', 'notify', 'capture', 'ship'].flatMap((step) => [`sent ${step}`, `done ${step}`]),
      'completed',
    ],
  );
});

test('a refusal in the middle takes back what was done, and nothing of the refused handler stays', async () => {
  await using service = await open();
  await using participant = await open('stock');
  await place(service, 'o-1');
  await settle(service, participant, async (message, tx) => {
    const reply = await succeed(message, tx);
    if (message.type !== 'money.authorise') return reply;
    throw new Refusal({ service: 'money', operation: 'authorise', code: 'Declined', data: {}, status: 402 });
  });
  const [instance] = await service.store.list({ limit: 1 });
  assert.equal(instance && stateOf(instance), 'compensated');
  assert.equal(await service.counted('o-1 Declined'), 1);
  assert.equal(await participant.counted('stock.release'), 1);
  assert.equal(await participant.counted('money.authorise'), 0);
});

test('an end that fails takes back only itself, and is made up for when it is due', async () => {
  await using service = await open();
  await using participant = await open('stock');
  await place(service, 'o-1');
  ends.failing = true;
  await settle(service, participant, async () => {
    throw new Refusal({
      service: 'stock',
      operation: 'reserve',
      code: 'OutOfStock',
      data: { available: 0 },
      status: 409,
    });
  });
  const [instance] = await service.store.list({ limit: 1 });
  assert.equal(instance?.status, 'ending');
  assert.equal(instance?.ending?.attempts, 1);
  assert.equal(await service.counted('o-1 OutOfStock'), 0);
  ends.failing = false;
  await using runner = sagaRunner({
    service: 'test',
    definitions: [buy],
    store: service.store,
    unitOfWork: service.db,
    clock,
    ids: own,
    telemetry,
    pollMs: 50,
  });
  runner.run();
  const until = clock.monotonicMs() + 10_000;
  while ((await service.counted('o-1 OutOfStock')) === 0 && clock.monotonicMs() < until) {
    await new Promise((resolve) => clock.after(50, () => resolve(undefined), { keepAlive: true }));
  }
  const [ended] = await service.store.list({ limit: 1 });
  assert.equal(ended && stateOf(ended), 'compensated');
});

test('a saga that its service does not list cannot be started', async () => {
  await using service = await open();
  const other = { ...sampleSaga, name: 'other' };
  await assert.rejects(
    service.uow(testCall(), async (tx) => tx.start(other, { orderId: 'o-1', count: 1 })),
    { code: 'SAGA_UNLISTED' },
  );
});

test('a handler that is refused starts no saga', async () => {
  await using service = await open();
  const mark = { id: own.uuid(), step: 'reserve', direction: 'do' as const };
  const reply = await service.uow(testCall(), (tx) =>
    postgresSagaFence().guarded(tx, async () => {
      tx.start(buy, { orderId: 'o-1', count: 1 });
      throw new Refusal({ service: 's', operation: mark.step, code: 'No', data: {}, status: 409 });
    }),
  );
  assert.equal(reply.ok, false);
  assert.deepEqual(await service.store.list({ limit: 1 }), []);
  assert.deepEqual(await service.messages(), []);
});

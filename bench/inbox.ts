// What does it cost to apply a message exactly once, against the same effect in a bare unit of work? By position (a row a stream),
// by id (a row a message), single and in batches of 50; by several at a time; and when several wait, which are applied together, each as by itself.

import { ids, newTrace, startCall, systemClock, systemRandom } from '@dure/core';
import type { DeliveryWay, Message } from '@dure/messaging';
import { noted } from '@dure/messaging/testing';
import type { Database, Tx } from '@dure/postgres';
import { openDatabase } from '@dure/postgres';
import { testDatabase } from '@dure/postgres/testing';
import { silentTelemetry } from '@dure/telemetry';
import { median, printTable, round } from './lib/table.ts';

const rounds = Number(process.env.ROUNDS ?? 9);
const transactions = Number(process.env.TRANSACTIONS ?? 400);
const batch = 50;
const callers = 10;
const rowsInTable = 1_000;

interface Tables {
  counter: { name: string; count: number };
}

const makeIds = ids(systemClock, systemRandom);
const newCall = () => startCall({ trace: newTrace(makeIds) });
let position = 0;

/** The next one of a source. */
function message(source = 'other'): Message {
  position += 1;
  const data = { row: position % rowsInTable };
  const fixed = { kind: 'event', source, type: 'other.happened', version: 1, destination: undefined } as const;
  return { ...fixed, position, id: makeIds.uuid(), key: `k${data.row}`, at: 1, data, meta: { correlation: 'bench' } };
}

async function effect(tx: Tx<Tables>, { data }: Message): Promise<undefined> {
  const { row } = data as { row: number };
  await tx.db.selectFrom('counter').select('count').where('name', '=', `n${row}`).executeTakeFirstOrThrow();
  await tx.db
    .updateTable('counter')
    .set((value) => ({ count: value('count', '+', 1) }))
    .where('name', '=', `n${row}`)
    .execute();
  tx.emit(noted, { key: `k${row}`, count: row });
}

type Work = (messages: readonly Message[]) => Promise<unknown>;

const bare =
  (db: Database<Tables>): Work =>
  (messages) =>
    db.uow(newCall(), async (tx) => {
      for (const one of messages) await effect(tx, one);
    });

const delivered =
  (db: Database<Tables>, by: NonNullable<DeliveryWay['by']>): Work =>
  async (messages) => {
    const [head] = messages;
    if (messages.length === 1 && head !== undefined)
      return db.deliveries.deliver(head, newCall(), (tx) => effect(tx, head), { by });
    return db.deliveries.deliverBatch(
      messages,
      newCall(),
      async (tx, fresh) => {
        for (const one of fresh) await effect(tx, one);
      },
      { by },
    );
  };

/** Milliseconds of each way, which take turns, so that whatever else the machine does slows all of them. */
async function compare(works: readonly Work[], size: number): Promise<readonly number[]> {
  const spentMs = works.map(() => 0);
  for (let turn = 0; turn < transactions / (size === 1 ? 1 : 10); turn += 1) {
    for (const [index, work] of works.entries()) {
      const messages = Array.from({ length: size }, message);
      const startedMs = performance.now();
      await work(messages);
      spentMs[index] = (spentMs[index] ?? 0) + performance.now() - startedMs;
    }
  }
  return spentMs;
}

await using database = await testDatabase({
  folder: `${import.meta.dirname}/../packages/postgres/src/fixtures/counter`,
});
await using db = openDatabase<Tables>({
  url: database.url,
  service: 'bench',
  clock: systemClock,
  ids: makeIds,
  telemetry: silentTelemetry(),
});
await db.uow(newCall(), (tx) =>
  tx.db
    .insertInto('counter')
    .values(Array.from({ length: rowsInTable }, (_, row) => ({ name: `n${row}`, count: 0 })))
    .execute(),
);
const ways = ['a bare unit of work', 'by position', 'by id'];
const works = [bare(db), delivered(db, 'position'), delivered(db, 'id')];
for (const size of [1, batch]) {
  await compare(works, size);
  const measured: (readonly number[])[] = [];
  for (let turn = 0; turn < rounds; turn += 1) measured.push(await compare(works, size));
  const perMessage = ways.map((_, way) =>
    median(measured.map((spent) => (spent[way] ?? 0) / ((transactions * size) / (size === 1 ? 1 : 10)))),
  );
  const cost = ways.map((_, way) => median(measured.map((spent) => ((spent[way] ?? 0) / (spent[0] ?? 1) - 1) * 100)));
  printTable(`one at a time, ${size} in a transaction, medians of ${rounds} rounds`, [
    ['way', 'µs a message', 'cost %'],
    ...ways.map((name, way) => [name, round((perMessage[way] ?? 0) * 1_000, 0), round(cost[way] ?? 0, 1)]),
  ]);
}

/** Transactions a second of each way by several callers, each with a source of its own. */
async function rates(works: readonly Work[]): Promise<readonly number[]> {
  const measured: number[] = [];
  for (const work of works) {
    const startedMs = performance.now();
    const caller = async (_: unknown, index: number) => {
      for (let turn = 0; turn < transactions; turn += 1) await work([message(`other-${index}`)]);
    };
    await Promise.all(Array.from({ length: callers }, caller));
    measured.push((transactions * callers) / ((performance.now() - startedMs) / 1_000));
  }
  return measured;
}

await rates(works);
const atOnce: (readonly number[])[] = [];
for (let turn = 0; turn < rounds; turn += 1) atOnce.push(await rates(works));
printTable(`one in a transaction, ${callers} at a time, medians of ${rounds} rounds`, [
  ['way', 'a second', 'throughput lost %'],
  ...ways.map((name, way) => {
    const lost = median(atOnce.map((rate) => (1 - (rate[way] ?? 0) / (rate[0] ?? 1)) * 100));
    return [name, round(median(atOnce.map((rate) => rate[way] ?? 0)), 0), round(lost, 1)];
  }),
]);

const group = 32;
/** Each in a unit of work of its own, as whoever applies them without an inbox would. */
const oneByOne: Work = async (messages) => {
  for (const one of messages) await bare(db)([one]);
};
const together: Work = (messages) =>
  db.deliveries.deliverTogether?.(
    messages.map((message) => ({ message, call: newCall(), effect: (tx) => effect(tx, message) })),
  ) ?? Promise.resolve();
const pair = [oneByOne, together];
await compare(pair, group);
const spent: (readonly number[])[] = [];
for (let turn = 0; turn < rounds; turn += 1) spent.push(await compare(pair, group));
printTable(`${group} that wait, medians of ${rounds} rounds`, [
  ['way', 'µs a message', 'cost %'],
  ...['a bare unit of work each', 'by position, applied together'].map((name, way) => {
    const many = (transactions / 10) * group;
    const perMessage = median(spent.map((one) => (one[way] ?? 0) / many));
    const cost = median(spent.map((one) => ((one[way] ?? 0) / (one[0] ?? 1) - 1) * 100));
    return [name, round(perMessage * 1_000, 0), round(cost, 1)];
  }),
]);
